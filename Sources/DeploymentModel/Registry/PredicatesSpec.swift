package import JSON

/// What has to hold before and after a run.
package struct PredicatesSpec: Hashable, Sendable, Codable {
    package var admission: [PredicateSpec]
    package var success: [PredicateSpec]

    package init(admission: [PredicateSpec] = [], success: [PredicateSpec] = []) {
        self.admission = admission
        self.success = success
    }
}

/// One predicate and its arguments.
package struct PredicateSpec: Hashable, Sendable, Codable {
    package let id: SpecID
    package let arguments: [String: JSONValue]

    package init(id: SpecID, arguments: [String: JSONValue] = [:]) {
        self.id = id
        self.arguments = arguments
    }
}

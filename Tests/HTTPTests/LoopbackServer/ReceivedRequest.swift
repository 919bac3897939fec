/// A request as it arrived at a loopback server.
package struct ReceivedRequest: Sendable, Equatable {
    package let method: String
    /// Path and query.
    package let target: String
    /// Names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package func header(_ name: String) -> String? {
        headers.first { $0.name == name.lowercased() }?.value
    }

    /// The path without query.
    package var path: String {
        String(target.prefix { $0 != "?" })
    }

    package var bodyText: String { String(decoding: body, as: UTF8.self) }

    package static func == (left: Self, right: Self) -> Bool {
        left.method == right.method && left.target == right.target && left.body == right.body
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }
}

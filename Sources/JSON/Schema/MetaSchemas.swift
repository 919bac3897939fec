/// The schemas of schemas, as json-schema.org publishes them.
enum MetaSchemas {
    /// The meta-schema of that URI, which has no fragment.
    static func document(_ uri: String) -> JSONValue? { documents[uri] }

    private static let documents: [String: JSONValue] = {
        var documents: [String: JSONValue] = [:]
        for text in [draft7] + draft2020 {
            guard let document = try? JSONValue(parsing: text), let id = document["$id"]?.stringValue else { continue }
            documents[id.withoutEmptyFragment] = document
        }
        return documents
    }()
}

/// How JSON Schemas of specs refer to schemas of the registry: relative to this base, so `$ref: media.metadata@1` does.
package enum SchemaReference {
    package static let base = "registry:/schemas/"

    /// The base of a schema that stands in a spec itself.
    package static let baseOfSpecs = base + "-"

    /// The id of the schema that an absolute URI names; `nil` for anything that would have to be fetched.
    package static func id(in uri: String) -> String? {
        uri.hasPrefix(base) ? String(uri.dropFirst(base.count)) : nil
    }
}

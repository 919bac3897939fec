/// The kinds of manifest that an OCI registry may hold for an image.
package enum MediaType: String, Sendable, CaseIterable {
    case index = "application/vnd.oci.image.index.v1+json"
    case manifest = "application/vnd.oci.image.manifest.v1+json"
    case dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
    case dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"

    /// Whether it lists manifests of several platforms.
    package var isIndex: Bool { self == .index || self == .dockerList }

    /// The value of an `Accept` header that names all of them. A registry that misses one converts the manifest, and so
    /// invents a digest.
    package static let accept = allCases.map(\.rawValue).joined(separator: ", ")

    /// Reads a `Content-Type`, parameters left out; `nil` for anything that is no manifest, schema 1 included.
    package init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.filter { $0 != " " }
        self.init(rawValue: type.lowercased())
    }
}

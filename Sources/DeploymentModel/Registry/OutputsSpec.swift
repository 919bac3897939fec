package import JSON

/// What a processor says of its outputs.
package enum OutputsSpec: Hashable, Sendable, Codable {
    case files([DeclaredOutput])
    /// The older form: prefixes below which it writes.
    case prefixes([String])
    /// A JSON Schema of the envelope's outputs.
    case schema(JSONValue)

    package var files: [DeclaredOutput] {
        if case .files(let files) = self { files } else { [] }
    }
}

/// One file that a processor promises to write, relative to the write prefix.
package struct DeclaredOutput: Hashable, Sendable, Codable {
    package let path: String
    package let mime: String?

    package init(path: String, mime: String? = nil) {
        self.path = path
        self.mime = mime
    }
}

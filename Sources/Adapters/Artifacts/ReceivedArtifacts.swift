package import BLAKE3

/// What a processor uploaded in one run, as it was received.
package struct ReceivedArtifacts: Hashable, Sendable {
    /// One upload.
    package struct Artifact: Hashable, Sendable {
        /// Where its bytes are on this host.
        package let file: String
        package let contentID: ContentID
        package let sizeBytes: Int64
        /// What the upload said its type is.
        package let mime: String?

        package init(file: String, contentID: ContentID, sizeBytes: Int64, mime: String? = nil) {
            self.file = file
            self.contentID = contentID
            self.sizeBytes = sizeBytes
            self.mime = mime
        }
    }

    /// The bytes of `outputs.json`.
    package let index: [UInt8]?
    /// By declared path.
    package let outputs: [String: Artifact]

    package init(index: [UInt8]? = nil, outputs: [String: Artifact] = [:]) {
        self.index = index
        self.outputs = outputs
    }

    package var isEmpty: Bool { index == nil && outputs.isEmpty }
}

package import DeploymentModel
package import Git

/// What a pin commit says of itself (`GitPinWriter`).
package struct PinTrailers: Sendable {
    package let commit: Commit
    package let keys: [Platform: InputKey]
    package let pins: [Platform: ImageReference]

    /// `nil` unless the commit pins this ref.
    package init?(_ commit: Commit, of ref: ProcessorRef) {
        var keys: [Platform: InputKey] = [:]
        var pins: [Platform: ImageReference] = [:]
        var isOfRef = false
        for line in commit.message.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "Pinion-Ref:" where words.count == 2: isOfRef = isOfRef || words[1] == ref.description
            case "Pinion-Input-Key:" where words.count == 3:
                if let platform = try? Platform(words[1]) { keys[platform] = try? InputKey(words[2]) }
            case "Pinion-Platform:" where words.count == 3:
                if let platform = try? Platform(words[1]) { pins[platform] = try? ImageReference(words[2]) }
            default: break
            }
        }
        guard isOfRef else { return nil }
        self.commit = commit
        self.keys = keys
        self.pins = pins
    }

    /// The newest pin commit of a ref in the history of a commit; `nil` when there is none.
    ///
    /// - Parameter path: of the spec's file.
    package static func newest(
        of ref: ProcessorRef, at path: String, from commit: ObjectID, in repository: GitRepository
    ) async throws(GitError) -> PinTrailers? {
        for commit in try await repository.history(of: path, from: commit) {
            if let trailers = PinTrailers(commit, of: ref) { return trailers }
        }
        return nil
    }
}

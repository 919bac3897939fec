package import DeploymentModel
package import Git

/// Commits pins on a branch of a repository, without a work tree.
package actor GitPinWriter: PinWriter {
    private let repository: GitRepository
    private let branch: String
    private let base: ObjectID
    private let holdsPinsOnly: Bool
    private let identity: Identity
    private let time: @Sendable () -> Int64

    /// - Parameters:
    ///   - branch: the branch to commit on, which no work tree may have checked out.
    ///   - base: the commit whose specs are being pinned.
    ///   - holdsPinsOnly: the branch is Pinion's own, so that it starts anew at `base` when it is not built on it.
    ///   - time: the seconds since 1970 that commits are dated with.
    package init(
        _ repository: GitRepository, branch: String, at base: ObjectID, holdsPinsOnly: Bool, as identity: Identity,
        time: @escaping @Sendable () -> Int64
    ) {
        self.repository = repository
        self.branch = branch
        self.base = base
        self.holdsPinsOnly = holdsPinsOnly
        self.identity = identity
        self.time = time
    }

    /// How often a branch may move away between reading it and committing on it.
    private static let attempts = 64

    package func commit(_ change: PinChange) async throws(Failure) -> String {
        let reference = "refs/heads/\(branch)"
        for _ in 0..<Self.attempts {
            do {
                let tip = try await repository.target(of: reference)
                let parent = try await parent(tip)
                guard let entry = try await repository.file(at: change.specPath, in: parent) else {
                    throw Failure(.git, "\(change.specPath) is gone from \(branch)", remedy: "Run it again.")
                }
                let source = try await repository.blob(entry.id)
                let editor = try PinEditor(source, file: change.specPath, ref: change.ref)
                if parent != base { try await check(change, editor.spec, stillFitsAt: parent) }
                let edited = try editor.replacing(change.pins)
                if parent != tip { try await repository.move(reference, to: parent, expecting: tip) }
                let commit = try await repository.commit(
                    [.write(path: change.specPath, content: edited)], onto: parent, moving: reference,
                    message: Self.message(change), as: identity, time: time())
                return (commit ?? parent).hex
            } catch let error as GitError {
                guard error.kind == .conflict else { throw Failure(.git, error.message) }
                try? await Task.sleep(for: .milliseconds(Int.random(in: 1...25)))
            } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure(.git, "the pin of \(change.ref) cannot be committed: \(error)")
            }
        }
        throw Failure(
            .git, "\(branch) moved \(Self.attempts) times while \(change.ref) was pinned", remedy: "Run it again.")
    }

    /// The commit to pin on. A branch that holds pins alone starts anew when what it is based on has moved on; any other
    /// branch is only ever added to.
    private func parent(_ tip: ObjectID?) async throws(GitError) -> ObjectID {
        guard let tip else { return base }
        guard holdsPinsOnly else { return tip }
        return try await repository.descends(tip, from: base) ? tip : base
    }

    /// A pin belongs to the inputs it was built from: when those changed on the branch meanwhile, it is dropped.
    private func check(
        _ change: PinChange, _ spec: ProcessorSpec, stillFitsAt commit: ObjectID
    ) async throws(Failure) {
        let keys: [Platform: InputKey] =
            if let build = spec.build, spec.image.track == nil {
                try await BuildInputs(of: spec, build, at: commit, in: repository).keys
            } else { [:] }
        guard keys == change.keys else {
            throw Failure(
                .git, "the inputs of \(change.ref) changed on \(branch) while it was built, so its pin is superseded",
                remedy: "Run it again: the new inputs are built then.")
        }
    }

    private static func message(_ change: PinChange) -> String {
        var lines = ["pin: \(change.ref)", "", "Pinion-Ref: \(change.ref)"]
        for (platform, image) in change.pins.sorted(by: { $0.key < $1.key }) {
            lines.append("Pinion-Platform: \(platform.oci) \(image)")
        }
        for (platform, key) in change.keys.sorted(by: { $0.key < $1.key }) {
            lines.append("Pinion-Input-Key: \(platform.oci) \(key)")
        }
        lines.append("Pinion-Run: \(change.run)")
        return lines.joined(separator: "\n") + "\n"
    }
}

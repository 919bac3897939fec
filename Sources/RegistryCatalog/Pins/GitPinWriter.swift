package import DeploymentModel
package import Git

/// Commits pins on a branch, without a work tree.
package actor GitPinWriter: PinWriter {
    private let references: SharedReferences
    private var branch: String
    private let base: ObjectID
    private var holdsPinsOnly: Bool
    private let authorship: Authorship
    private let time: @Sendable () -> Int64

    private var repository: GitRepository { references.repository }

    /// - Parameters:
    ///   - references: where the branch is.
    ///   - branch: the branch to commit on, which no work tree may have checked out.
    ///   - base: the commit whose specs are being pinned.
    ///   - holdsPinsOnly: the branch is Pinion's own, so that it goes on from `base` when it is not built on it.
    ///   - time: the seconds since 1970 that commits are dated with.
    package init(
        _ references: SharedReferences, branch: String, at base: ObjectID, holdsPinsOnly: Bool,
        as authorship: Authorship, time: @escaping @Sendable () -> Int64
    ) {
        self.references = references
        self.branch = branch
        self.base = base
        self.holdsPinsOnly = holdsPinsOnly
        self.authorship = authorship
        self.time = time
    }

    /// The branch that holds a branch's pins where they can't go to that branch itself.
    package static func pinBranch(of branch: String) -> String { "pinion/pins/\(branch)" }

    /// How often a branch may move away between reading it and committing on it.
    private static let attempts = 64

    package func commit(_ change: PinChange) async throws(Failure) -> PinCommit {
        for _ in 0..<Self.attempts {
            do {
                let commit = try await attempt(change)
                return PinCommit(commit: commit.hex, branch: branch)
            } catch let error as GitError {
                switch error.kind {
                case .conflict:
                    // At times of their own, or the same ones would meet again.
                    try? await Task.sleep(for: .milliseconds(Int.random(in: 1...(references.isRemote ? 250 : 25))))
                    try await refresh()
                case .refused where !holdsPinsOnly:
                    // A protected branch gets its pins by merge.
                    branch = Self.pinBranch(of: branch)
                    holdsPinsOnly = true
                default: throw Failure(.git, error.message)
                }
            } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure(.git, "the pin of \(change.ref) cannot be committed: \(error)")
            }
        }
        throw Failure(
            .git, "\(branch) moved \(Self.attempts) times while \(change.ref) was pinned", remedy: "Run it again.")
    }

    private func attempt(_ change: PinChange) async throws -> ObjectID {
        let reference = "refs/heads/\(branch)"
        let tip = try await references.target(of: reference)
        let parent = try await parent(tip)
        guard let entry = try await repository.file(at: change.specPath, in: parent) else {
            throw Failure(.git, "\(change.specPath) is gone from \(branch)", remedy: "Run it again.")
        }
        let source = try await repository.blob(entry.id)
        let editor = try PinEditor(source, file: change.specPath, ref: change.ref)
        if parent != base { try await check(change, editor.spec, stillFitsAt: parent) }
        let edited = try editor.replacing(change.pins)
        let commit = try await references.commit(
            [.write(path: change.specPath, content: edited)], onto: parent, moving: reference, from: tip,
            message: Self.message(change), as: authorship, time: time())
        return commit ?? parent
    }

    private func refresh() async throws(Failure) {
        do throws(GitError) { try await references.refresh() } catch { throw Failure(.git, error.message) }
    }

    /// The commit to pin on. A branch that holds pins alone goes on from its base when that has moved on; any other branch
    /// is only ever added to.
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

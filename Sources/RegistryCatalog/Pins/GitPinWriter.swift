package import DeploymentModel
package import Git

/// Commits pins on a branch, without a work tree.
package actor GitPinWriter: PinWriter {
    private let references: SharedReferences
    private let base: ObjectID
    private var target: Target
    /// What is left to do for people, until it was told.
    private var advice: String?
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
        self.base = base
        target = Target(branch: branch, holdsPinsOnly: holdsPinsOnly)
        advice = holdsPinsOnly ? Self.page(of: branch, in: references).map { "merge it: \($0)" } : nil
        self.authorship = authorship
        self.time = time
    }

    /// Where pins go.
    private struct Target {
        let branch: String
        let holdsPinsOnly: Bool
    }

    /// The branch that holds a branch's pins where they can't go to that branch itself.
    package static func pinBranch(of branch: String) -> String { "pinion/pins/\(branch)" }

    /// How often a branch may move away between reading it and committing on it.
    private static let attempts = 64

    package func commit(_ change: PinChange) async throws(Failure) -> PinCommit {
        for _ in 0..<Self.attempts {
            // Pins are committed several at a time, and any of them may find that the branch is protected.
            let target = target
            do {
                let commit = try await attempt(change, target)
                defer { advice = nil }
                return PinCommit(commit: commit.hex, branch: target.branch, advice: advice)
            } catch let error as GitError {
                switch error.kind {
                case .conflict:
                    // At times of their own, or the same ones would meet again.
                    try? await Task.sleep(for: .milliseconds(Int.random(in: 1...(references.isRemote ? 250 : 25))))
                    try await refresh()
                case .refused where !target.holdsPinsOnly: divert(from: target.branch)
                default:
                    throw Failure(.git, error.message, cause: error.kind == .unauthorized ? .credentials : nil)
                }
            } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure(.git, "the pin of \(change.ref) cannot be committed: \(error)")
            }
        }
        throw Failure(
            .git, "\(target.branch) moved \(Self.attempts) times while \(change.ref) was pinned",
            remedy: "Run it again.")
    }

    /// A protected branch gets its pins by merge.
    private func divert(from branch: String) {
        guard !target.holdsPinsOnly else { return }
        target = Target(branch: Self.pinBranch(of: branch), holdsPinsOnly: true)
        let page = Self.page(of: target.branch, in: references).map { ": \($0)" } ?? ""
        advice = "\(branch) is protected, merge \(target.branch)\(page)"
    }

    /// Where the remote's host shows what a branch of pins adds.
    private static func page(of branch: String, in references: SharedReferences) -> String? {
        let prefix = pinBranch(of: "")
        guard let address = references.address, branch.hasPrefix(prefix) else { return nil }
        let base = String(branch.dropFirst(prefix.count))
        return CompareAddress(ofRepository: address, from: base, to: branch)?.text
    }

    private func attempt(_ change: PinChange, _ target: Target) async throws -> ObjectID {
        let reference = "refs/heads/\(target.branch)"
        let tip = try await references.target(of: reference)
        let parent = try await parent(tip, target)
        guard let entry = try await repository.file(at: change.specPath, in: parent) else {
            throw Failure(.git, "\(change.specPath) is gone from \(target.branch)", remedy: "Run it again.")
        }
        let source = try await repository.blob(entry.id)
        let editor = try PinEditor(source, file: change.specPath, ref: change.ref)
        if parent != base { try await check(change, editor.spec, stillFitsAt: parent, of: target.branch) }
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
    private func parent(_ tip: ObjectID?, _ target: Target) async throws(GitError) -> ObjectID {
        guard let tip else { return base }
        guard target.holdsPinsOnly else { return tip }
        return try await repository.descends(tip, from: base) ? tip : base
    }

    /// A pin belongs to the inputs it was built from: when those changed on the branch meanwhile, it is dropped.
    private func check(
        _ change: PinChange, _ spec: ProcessorSpec, stillFitsAt commit: ObjectID, of branch: String
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

import DeploymentModel
import Git
import RegistryCatalog

/// Where the pins of a run go, and which are there already.
struct PinTarget {
    let mode: PinMode
    let branch: String?
    /// The pins on a branch of their own, by path of the spec; `nil` where the specs that were read have them.
    let pins: [String: [Platform: ImageReference]]?
    let notes: [String]

    /// - Parameter isTip: whether the commit is where the branch is; pins that came later count where it is not.
    init(
        _ asked: PinMode, branch: String?, at commit: ObjectID, isTip: Bool = true, in repository: GitRepository
    ) async throws(Failure) {
        guard asked != .record else {
            mode = .record
            self.branch = nil
            pins = nil
            notes = []
            return
        }
        guard let branch else {
            throw Failure(
                .git, "HEAD is detached, so there is no branch to commit pins on",
                remedy: "Name one with --branch NAME, or keep them in the record with --pins record.")
        }
        do throws(GitError) {
            let isCheckedOut = try await repository.isCheckedOut(branch: branch)
            let own = GitPinWriter.pinBranch(of: branch)
            let waiting = try await Self.pins(on: own, after: commit, in: repository)
            let later = isTip ? nil : try await Self.pins(on: branch, after: commit, in: repository)
            pins = waiting ?? later
            guard asked == .branch || isCheckedOut else {
                mode = .commit
                self.branch = branch
                // The branch did not take them when they were made: it is protected.
                notes = waiting == nil ? [] : ["pins wait on the branch \(own), to be merged into \(branch)"]
                return
            }
            // A branch that some work tree has checked out is never moved under it.
            mode = .branch
            self.branch = own
            notes =
                isCheckedOut && asked == .commit
                ? ["\(branch) is checked out, so its pins go to the branch \(own); take them with: git merge \(own)"]
                : []
        } catch { throw Failure(.git, error.message) }
    }

    /// What a branch of pins has; `nil` when there is none that goes on from this commit.
    private static func pins(
        on branch: String, after commit: ObjectID, in repository: GitRepository
    ) async throws(GitError) -> [String: [Platform: ImageReference]]? {
        guard let tip = try await repository.target(of: "refs/heads/\(branch)"), tip != commit,
            try await repository.descends(tip, from: commit)
        else { return nil }
        let pinned = try await Catalog(of: repository.commit(at: tip.hex), in: repository)
        return Dictionary(pinned.processors.map { ($0.path, $0.image.pins) }) { first, _ in first }
    }
}

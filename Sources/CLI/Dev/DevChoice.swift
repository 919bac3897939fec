import DeploymentModel
import Git
import RegistryCatalog

/// The processors that a loop is about.
struct DevChoice {
    /// So many are taken without being named.
    private static let few = 3

    let refs: [ProcessorRef]
    /// Why these, where nobody named them.
    let reason: String?

    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when there is no such processor, and nothing is broken that could
    ///   be it, or when there is nothing to choose.
    init(_ named: [ProcessorRef], in tree: DevTree) async throws(Failure) {
        let built = tree.catalog.processors.filter { $0.isEnabled && $0.build != nil && $0.image.track == nil }
        guard named.isEmpty else {
            let known = Set(tree.catalog.processors.map(\.ref))
            if let missing = named.first(where: { !known.contains($0) }), !tree.catalog.hasErrors {
                throw Failure(
                    .functionNotFound, "there is no \(missing) in the working tree",
                    remedy: Suggestion.text(for: missing.description, among: built.map(\.ref.description)))
            }
            refs = Set(named).sorted()
            reason = nil
            return
        }
        guard built.count > Self.few else {
            guard !built.isEmpty else {
                throw Failure(
                    .functionNotFound, "the working tree has no processor that is built here",
                    remedy:
                        "Make one: pinion new processor NS/NAME. What is wrong with others: pinion validate --worktree")
            }
            refs = built.map(\.ref)
            reason = nil
            return
        }
        var changed: Set<ProcessorRef> = []
        if let parent = tree.commit.parents.first {
            let head: Commit
            do throws(GitError) { head = try await tree.repository.commit(at: parent.hex) } catch {
                throw Failure(.git, error.message)
            }
            changed = try await ChangedProcessors(from: head, to: tree.catalog, lane: "", in: tree.repository).refs
        }
        refs = built.map(\.ref).filter { changed.contains($0) }
        reason = "of \(built.count) processors, those that differ from HEAD"
        guard !refs.isEmpty else {
            throw Failure(
                .functionNotFound, "none of the \(built.count) processors differs from HEAD",
                remedy: "Name one: pinion dev \(built[0].ref)")
        }
    }
}

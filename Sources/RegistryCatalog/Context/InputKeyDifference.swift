package import Git

/// What makes two input keys of one ref different, each part with the commit that changed it where git can tell.
package struct InputKeyDifference: Sendable {
    /// One part that is not the same.
    package struct Change: Sendable {
        package enum Kind: String, Sendable { case added, removed, changed }

        /// What the part is.
        package enum Part: Hashable, Sendable {
            /// A file of the context, by its path in the repository.
            case file(String)
            /// One line of the Dockerfile; the number counts in the file that has the line.
            case dockerfileLine(path: String, number: Int)
            case dockerfilePath
            case argument(String)
            case target
            /// A file is the same as before, but is seen now (or no longer), because of the Dockerfile or `.dockerignore`.
            case sight(String)
        }

        package let part: Part
        package let kind: Kind
        package let old: String?
        package let new: String?
        /// The newest commit that changed the file, on the way from the old commit to the new one.
        package let commit: Commit?
    }

    package let changes: [Change]

    /// Compares what builds of two commits are made of.
    ///
    /// - Throws: `GitError` when git cannot be read.
    package init(
        from old: BuildContext, at oldCommit: ObjectID, to new: BuildContext, at newCommit: ObjectID,
        spec: String, in repository: GitRepository
    ) async throws(GitError) {
        let history = History(repository: repository, old: oldCommit, new: newCommit)
        var changes: [Change] = []
        try await Self.compareDockerfiles(old, new, history, &changes)
        let (before, after) = (old.recipe, new.recipe)
        var blame: Commit?
        if before.args != after.args || before.target != after.target { blame = try await history.commit(of: spec) }
        for name in Set(before.args.keys).union(after.args.keys).sorted() {
            if let change = Self.change(.argument(name), before.args[name], after.args[name], blame) {
                changes.append(change)
            }
        }
        if let change = Self.change(.target, before.target, after.target, blame) { changes.append(change) }
        try await Self.compareFiles(old, new, history, &changes)
        self.changes = changes
    }

    private static func compareFiles(
        _ old: BuildContext, _ new: BuildContext, _ history: History, _ changes: inout [Change]
    ) async throws(GitError) {
        let before = Dictionary(old.files.map { ($0.path, $0) }) { first, _ in first }
        let after = Dictionary(new.files.map { ($0.path, $0) }) { first, _ in first }
        for path in Set(before.keys).union(after.keys).sorted() where before[path] != after[path] {
            let (one, other) = (before[path], after[path])
            let place = (other == nil ? old : new).recipe.prefix + path
            // The Dockerfile's lines are told already.
            if place == new.recipe.dockerfile, one != nil, other != nil { continue }
            let kind: Change.Kind = one == nil ? .added : other == nil ? .removed : .changed
            let there = try await (one == nil ? history.old(place) : other == nil ? history.new(place) : nil)
            let isSame = there != nil && there?.id == (one ?? other)?.id
            let commit = isSame ? nil : try await history.commit(of: place)
            changes.append(
                Change(
                    part: isSame ? .sight(place) : .file(place), kind: kind, old: one?.id.hex, new: other?.id.hex,
                    commit: commit))
        }
    }

    private static func compareDockerfiles(
        _ old: BuildContext, _ new: BuildContext, _ history: History, _ changes: inout [Change]
    ) async throws(GitError) {
        let (before, after) = (old.recipe.dockerfile, new.recipe.dockerfile)
        if let change = change(.dockerfilePath, before, after, nil) { changes.append(change) }
        guard old.dockerfileID != new.dockerfileID else { return }
        let commit = try await history.commit(of: after)
        let texts = (try await history.lines(old.dockerfileID), try await history.lines(new.dockerfileID))
        let difference = texts.1.difference(from: texts.0)
        let removed = difference.removals.map { step in
            Change(
                part: .dockerfileLine(path: before, number: step.offset + 1), kind: .removed, old: step.text, new: nil,
                commit: commit)
        }
        let inserted = difference.insertions.map { step in
            Change(
                part: .dockerfileLine(path: after, number: step.offset + 1), kind: .added, old: nil, new: step.text,
                commit: commit)
        }
        changes += removed + inserted
    }

    /// `nil` when nothing changed.
    private static func change(_ part: Change.Part, _ old: String?, _ new: String?, _ commit: Commit?) -> Change? {
        guard old != new else { return nil }
        let kind: Change.Kind = old == nil ? .added : new == nil ? .removed : .changed
        return Change(part: part, kind: kind, old: old, new: new, commit: commit)
    }

    /// The way from one commit to the other.
    private struct History {
        let repository: GitRepository
        let old: ObjectID
        let new: ObjectID

        func old(_ path: String) async throws(GitError) -> TreeEntry? { try await repository.file(at: path, in: old) }
        func new(_ path: String) async throws(GitError) -> TreeEntry? { try await repository.file(at: path, in: new) }

        func commit(of path: String) async throws(GitError) -> Commit? {
            guard let newest = try await repository.history(of: path, from: new, limit: 1).first else { return nil }
            // One that the old commit has too changed nothing on the way.
            return try await repository.descends(old, from: newest.id) ? nil : newest
        }

        func lines(_ blob: ObjectID) async throws(GitError) -> [String] {
            String(decoding: try await repository.blob(blob), as: UTF8.self)
                .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        }
    }
}

extension CollectionDifference<String>.Change {
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }

    fileprivate var text: String {
        switch self {
        case .insert(_, let text, _), .remove(_, let text, _): text
        }
    }
}

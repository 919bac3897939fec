import CGit2

/// A path whose entry is another one in another commit.
package struct ChangedPath: Hashable, Sendable {
    /// From the root of the tree, with `/` between the parts.
    package let path: String
    /// The blob (of a submodule: the commit) before, `nil` when there was none.
    package let old: ObjectID?
    /// The blob (of a submodule: the commit) after, `nil` when there is none. Equal to `old` when only the mode changed.
    package let new: ObjectID?

    package init(path: String, old: ObjectID?, new: ObjectID?) {
        self.path = path
        self.old = old
        self.new = new
    }
}

extension GitRepository {
    /// The best common ancestor of two commits, `nil` when their histories are unrelated.
    ///
    /// - Throws: `GitError` of kind `unsupported` when the answer lies beyond the end of a shallow clone.
    package func mergeBase(_ one: ObjectID, _ other: ObjectID) throws(GitError) -> ObjectID? {
        var (base, one, other) = (git_oid(), one.oid, other.oid)
        // A missing commit has the same status as a missing ancestor.
        for oid in [one, other] { _ = try tree(of: ObjectID(oid)) }
        let status = unsafe git_merge_base(&base, handle.pointer, &one, &other)
        if status == 0 { return ObjectID(base) }
        let what = "cannot find the common history of \(ObjectID(one)) and \(ObjectID(other))"
        if isShallow { throw GitError(.unsupported, "\(what): the clone is shallow") }
        if status == GIT_ENOTFOUND.rawValue { return nil }
        throw GitError(status, what)
    }

    /// The files, links and submodules that differ between two commits, sorted by path bytes.
    ///
    /// Folders whose ids are equal are not opened, so the cost is that of the change and not of the tree.
    ///
    /// - Parameter from: `nil` stands for an empty tree.
    package func changedPaths(from: ObjectID?, to: ObjectID) throws(GitError) -> [ChangedPath] {
        let old: Owned? = if let from { try tree(of: from) } else { nil }
        let new = try tree(of: to)
        var changes: [ChangedPath] = []
        try compare(old, new, prefix: "", into: &changes)
        return changes.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// The commits that changed the file or folder at this path, newest first: those whose entry differs from that of
    /// their first parent. It reads one entry per commit, whatever the size of the tree.
    ///
    /// The last commit of a shallow clone counts as the first of the history, as it does for git.
    ///
    /// - Parameter limit: ends the walk after so many commits have been found.
    package func history(of path: String, from start: ObjectID, limit: Int = .max) throws(GitError) -> [Commit] {
        var found: [Commit] = []
        var current = try facts(of: start)
        var entry = try entry(at: path, in: current.tree)
        while found.count < limit {
            guard let parentID = current.parents.first, let parent = try parent(parentID) else {
                if entry != nil { found.append(current) }
                break
            }
            let before = parent.tree == current.tree ? entry : try self.entry(at: path, in: parent.tree)
            if before != entry { found.append(current) }
            (current, entry) = (parent, before)
        }
        return found
    }

    /// Claims that the history ends where somebody stopped fetching.
    var isShallow: Bool { unsafe git_repository_is_shallow(handle.pointer) == 1 }

    private func parent(_ id: ObjectID) throws(GitError) -> Commit? {
        do throws(GitError) { return try facts(of: id) } catch {
            if error.kind == .notFound, isShallow { return nil }
            throw error
        }
    }

    private func facts(of id: ObjectID) throws(GitError) -> Commit {
        var oid = id.oid
        let object = try unsafe own("there is no commit \(id)", free: unsafe git_commit_free) {
            unsafe git_commit_lookup($0, handle.pointer, &oid)
        }
        return unsafe Self.facts(of: object.pointer)
    }

    /// What makes two entries of one path the same.
    private struct Entry: Hashable {
        let mode: UInt32
        let id: ObjectID

        init(_ pointer: OpaquePointer?) {
            mode = UInt32(unsafe git_tree_entry_filemode(pointer).rawValue)
            id = unsafe ObjectID(git_tree_entry_id(pointer).pointee)
        }

        var isFolder: Bool { mode == GIT_FILEMODE_TREE.rawValue }
    }

    private func entry(at path: String, in tree: ObjectID) throws(GitError) -> Entry? {
        let root = try self.tree(tree)
        var pointer: OpaquePointer?
        let status = unsafe git_tree_entry_bypath(&pointer, root.pointer, path)
        if status == GIT_ENOTFOUND.rawValue { return nil }
        try check(status, "cannot look for \(path)")
        defer { unsafe git_tree_entry_free(pointer) }
        return unsafe Entry(pointer)
    }

    private func compare(
        _ old: Owned?, _ new: Owned?, prefix: String, into changes: inout [ChangedPath]
    ) throws(GitError) {
        let (before, after) = (entries(of: old), entries(of: new))
        for (name, entry) in before where after[name] != entry {
            try note(prefix + name, entry, after[name], into: &changes)
        }
        for (name, entry) in after where before[name] == nil {
            try note(prefix + name, nil, entry, into: &changes)
        }
    }

    /// Notes what became of one path; a folder that became a file is both gone and new.
    private func note(
        _ path: String, _ old: Entry?, _ new: Entry?, into changes: inout [ChangedPath]
    ) throws(GitError) {
        let folders = [old, new].map { entry in entry.flatMap { $0.isFolder ? $0.id : nil } }
        let files = [old, new].map { entry in entry.flatMap { $0.isFolder ? nil : $0.id } }
        if files[0] != nil || files[1] != nil {
            changes.append(ChangedPath(path: path, old: files[0], new: files[1]))
        }
        guard folders[0] != nil || folders[1] != nil else { return }
        let before: Owned? = if let id = folders[0] { try tree(id) } else { nil }
        let after: Owned? = if let id = folders[1] { try tree(id) } else { nil }
        try compare(before, after, prefix: path + "/", into: &changes)
    }

    private func entries(of tree: Owned?) -> [String: Entry] {
        guard let tree else { return [:] }
        var entries: [String: Entry] = [:]
        for index in 0..<(unsafe git_tree_entrycount(tree.pointer)) {
            guard let entry = unsafe git_tree_entry_byindex(tree.pointer, index) else { continue }
            entries[unsafe String(cString: git_tree_entry_name(entry))] = unsafe Entry(entry)
        }
        return entries
    }

    private func tree(_ id: ObjectID) throws(GitError) -> Owned {
        var oid = id.oid
        return try unsafe own("there is no tree \(id)", free: unsafe git_tree_free) {
            unsafe git_tree_lookup($0, handle.pointer, &oid)
        }
    }
}

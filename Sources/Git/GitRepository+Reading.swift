import CGit2

/// A commit's own facts.
package struct Commit: Hashable, Sendable {
    package let id: ObjectID
    package let tree: ObjectID
    package let parents: [ObjectID]
    /// The committer's time, in seconds since 1970.
    package let time: Int64
    package let message: String
    package let author: String
}

/// One file in a tree.
package struct TreeEntry: Hashable, Sendable {
    package enum Mode: UInt32, Hashable, Sendable {
        case file = 0o100644
        case executable = 0o100755
        case symlink = 0o120000
        case submodule = 0o160000
    }

    /// From the root of the tree, with `/` between the parts.
    package let path: String
    package let mode: Mode
    package let id: ObjectID

    package init(path: String, mode: Mode, id: ObjectID) {
        self.path = path
        self.mode = mode
        self.id = id
    }
}

extension GitRepository {
    /// The commit that a revision (`main`, `HEAD~2`, a tag, a commit id) stands for.
    ///
    /// - Throws: `GitError` of kind `notFound` or `invalid`.
    package func commit(at revision: String) throws(GitError) -> Commit {
        let object = try unsafe own("there is no revision '\(revision)'", free: unsafe git_object_free) {
            unsafe git_revparse_single($0, handle.pointer, revision)
        }
        let peeled = try unsafe own("'\(revision)' is no commit", free: unsafe git_object_free) {
            unsafe git_object_peel($0, object.pointer, GIT_OBJECT_COMMIT)
        }
        return unsafe Self.facts(of: peeled.pointer)
    }

    static func facts(of commit: OpaquePointer) -> Commit {
        let author = unsafe git_commit_author(commit).pointee
        return unsafe Commit(
            id: ObjectID(git_commit_id(commit).pointee),
            tree: ObjectID(git_commit_tree_id(commit).pointee),
            parents: (0..<git_commit_parentcount(commit)).map {
                unsafe ObjectID(git_commit_parent_id(commit, $0).pointee)
            },
            time: git_commit_time(commit),
            message: String(cString: git_commit_message(commit)),
            author: "\(String(cString: author.name)) <\(String(cString: author.email))>")
    }

    /// The branch that HEAD names, `nil` when HEAD is detached. The branch may have no commit yet.
    package func headBranch() throws(GitError) -> String? {
        let head = try unsafe own("there is no HEAD", free: git_reference_free) {
            unsafe git_reference_lookup($0, handle.pointer, "HEAD")
        }
        guard let target = unsafe git_reference_symbolic_target(head.pointer) else { return nil }
        let name = unsafe String(cString: target)
        return name.hasPrefix("refs/heads/") ? String(name.dropFirst("refs/heads/".count)) : nil
    }

    /// The names of the configured remotes.
    package func remotes() throws(GitError) -> [String] {
        var names = unsafe git_strarray()
        try check(unsafe git_remote_list(&names, handle.pointer), "cannot list the remotes")
        defer { unsafe git_strarray_dispose(&names) }
        let count = unsafe names.count
        return (0..<count).compactMap { index in
            unsafe names.strings[index].map { unsafe String(cString: $0) }
        }
    }

    /// The address that a remote is fetched from, as it is configured.
    ///
    /// - Throws: `GitError` of kind `notFound` when there is no such remote.
    package func address(ofRemote name: String) throws(GitError) -> String {
        let remote = try unsafe own("there is no remote '\(name)'", free: git_remote_free) {
            unsafe git_remote_lookup($0, handle.pointer, name)
        }
        guard let url = unsafe git_remote_url(remote.pointer) else {
            throw GitError(.notFound, "the remote '\(name)' has no address")
        }
        return unsafe String(cString: url)
    }

    /// Claims that some work tree has this branch checked out, so that it must not be moved under it.
    package func isCheckedOut(branch: String) throws(GitError) -> Bool {
        if !isBare, try headBranch() == branch { return true }
        var names = unsafe git_strarray()
        try check(unsafe git_worktree_list(&names, handle.pointer), "cannot list the work trees")
        defer { unsafe git_strarray_dispose(&names) }
        let count = unsafe names.count
        for index in 0..<count {
            guard let name = unsafe names.strings[index] else { continue }
            let head = unsafe try? own("work tree", free: git_reference_free) {
                unsafe git_repository_head_for_worktree($0, handle.pointer, name)
            }
            guard let head else { continue }
            if unsafe String(cString: git_reference_name(head.pointer)) == "refs/heads/\(branch)" { return true }
        }
        return false
    }

    /// Claims that a commit has the other in its history, or is it.
    package func descends(_ commit: ObjectID, from ancestor: ObjectID) throws(GitError) -> Bool {
        if commit == ancestor { return true }
        var (child, parent) = (commit.oid, ancestor.oid)
        let status = unsafe git_graph_descendant_of(handle.pointer, &child, &parent)
        try check(status, "cannot compare \(commit) with \(ancestor)")
        return status == 1
    }

    /// The commit that a full reference name (`refs/heads/main`) points at, `nil` when there is no such reference.
    package func target(of reference: String) throws(GitError) -> ObjectID? {
        var oid = git_oid()
        let status = unsafe git_reference_name_to_id(&oid, handle.pointer, reference)
        if status == GIT_ENOTFOUND.rawValue { return nil }
        try check(status, "cannot read \(reference)")
        return ObjectID(oid)
    }

    /// All files below a folder of a commit's tree (`""` for its root), sorted by path bytes; none when the folder is
    /// not there. Symlinks and submodules are entries, and are never followed.
    package func files(at commit: ObjectID, under folder: String = "") throws(GitError) -> [TreeEntry] {
        if let known = lastListing, known.commit == commit { return Array(known.entries(under: folder)) }
        let root = try tree(of: commit)
        var found: [TreeEntry] = []
        var folders: [String: ObjectID] = [:]
        if folder.isEmpty {
            try unsafe collect(root.pointer, prefix: "", into: &found, folders: &folders)
        } else {
            let entry = unsafe try? own("no \(folder)", free: unsafe git_tree_entry_free) {
                unsafe git_tree_entry_bypath($0, root.pointer, folder)
            }
            guard let entry else { return [] }
            guard unsafe git_tree_entry_type(entry.pointer) == GIT_OBJECT_TREE else { return [] }
            let subtree = try unsafe own("cannot read the folder \(folder)", free: unsafe git_tree_free) {
                unsafe git_tree_lookup($0, handle.pointer, git_tree_entry_id(entry.pointer))
            }
            try unsafe collect(subtree.pointer, prefix: folder + "/", into: &found, folders: &folders)
        }
        return found
    }

    func collect(
        _ tree: OpaquePointer, prefix: String, into found: inout [TreeEntry], folders: inout [String: ObjectID]
    ) throws(GitError) {
        let count = unsafe git_tree_entrycount(tree)
        for index in 0..<count {
            guard let entry = unsafe git_tree_entry_byindex(tree, index) else { continue }
            let name = unsafe String(cString: git_tree_entry_name(entry))
            // git itself writes no such names, and whoever lays files out by them would write elsewhere.
            guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")) else {
                throw GitError(
                    .invalid, "the tree \(prefix.isEmpty ? "of the commit" : prefix) has an entry named '\(name)'")
            }
            let path = prefix + name
            let id = unsafe git_tree_entry_id(entry)
            if unsafe git_tree_entry_type(entry) == GIT_OBJECT_TREE {
                let child = try unsafe own("cannot read the folder \(path)", free: unsafe git_tree_free) {
                    unsafe git_tree_lookup($0, handle.pointer, id)
                }
                folders[path] = unsafe ObjectID(git_tree_id(child.pointer).pointee)
                try unsafe collect(child.pointer, prefix: path + "/", into: &found, folders: &folders)
            } else if let id = unsafe id,
                let mode = TreeEntry.Mode(rawValue: UInt32(unsafe git_tree_entry_filemode(entry).rawValue))
            {
                found.append(unsafe TreeEntry(path: path, mode: mode, id: ObjectID(id.pointee)))
            }
        }
    }

    /// The file at this path of a commit's tree, `nil` when there is none (or a folder).
    package func file(at path: String, in commit: ObjectID) throws(GitError) -> TreeEntry? {
        if let known = lastListing, known.commit == commit { return known.entry(at: path) }
        let root = try tree(of: commit)
        var pointer: OpaquePointer?
        let status = unsafe git_tree_entry_bypath(&pointer, root.pointer, path)
        if status == GIT_ENOTFOUND.rawValue { return nil }
        guard status >= 0, let pointer = unsafe pointer else { throw GitError(status, "cannot look for \(path)") }
        let entry = unsafe Owned(pointer, git_tree_entry_free)
        guard let mode = TreeEntry.Mode(rawValue: UInt32(unsafe git_tree_entry_filemode(entry.pointer).rawValue)),
            let id = unsafe git_tree_entry_id(entry.pointer)
        else { return nil }
        return unsafe TreeEntry(path: path, mode: mode, id: ObjectID(id.pointee))
    }

    /// The bytes of a blob.
    package func blob(_ id: ObjectID) throws(GitError) -> [UInt8] {
        var oid = id.oid
        let blob = try unsafe own("there is no blob \(id)", free: unsafe git_blob_free) {
            unsafe git_blob_lookup($0, handle.pointer, &oid)
        }
        let count = Int(unsafe git_blob_rawsize(blob.pointer))
        guard count > 0, let start = unsafe git_blob_rawcontent(blob.pointer) else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func tree(of commit: ObjectID) throws(GitError) -> Owned {
        var oid = commit.oid
        let object = try unsafe own("there is no commit \(commit)", free: unsafe git_commit_free) {
            unsafe git_commit_lookup($0, handle.pointer, &oid)
        }
        return try unsafe own("commit \(commit) has no tree", free: unsafe git_tree_free) {
            unsafe git_commit_tree($0, object.pointer)
        }
    }
}

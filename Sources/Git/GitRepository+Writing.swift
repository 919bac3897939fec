import CGit2

/// One change to a tree.
package enum TreeChange: Hashable, Sendable {
    /// Writes the file with this content; an existing file keeps its mode.
    case write(path: String, content: [UInt8])
    case remove(path: String)
}

extension GitRepository {
    /// Makes a commit out of its parent's tree and these changes, and moves a reference to it if that still points at
    /// the parent. No work tree and no index is touched.
    ///
    /// - Parameters:
    ///   - parent: the commit that the changes are based on; `nil` starts a new history, and the reference must not exist.
    ///   - time: seconds since 1970, written as UTC.
    /// - Returns: the new commit; `nil` when the changes change nothing.
    /// - Throws: `GitError` of kind `conflict` when the reference points elsewhere by now.
    package func commit(
        _ changes: [TreeChange], onto parent: ObjectID?, moving reference: String, message: String,
        as authorship: Authorship, time: Int64
    ) throws(GitError) -> ObjectID? {
        let id = try write(changes, onto: parent, message: message, as: authorship, time: time)
        if let id { try move(reference, to: id, expecting: parent) }
        return id
    }

    /// Makes a commit that no reference leads to yet.
    ///
    /// - Parameter other: a second parent, whose tree does not count.
    /// - Returns: the new commit; `nil` when the changes change nothing.
    func write(
        _ changes: [TreeChange], onto parent: ObjectID?, and other: ObjectID? = nil, message: String,
        as authorship: Authorship, time: Int64
    ) throws(GitError) -> ObjectID? {
        if let parent { try refuseMemory(parent) }
        let base: Owned? = if let parent { try tree(of: parent) } else { nil }
        let tree = try updatedTree(base, changes)
        if let base, unsafe ObjectID(git_tree_id(base.pointer).pointee) == tree { return nil }
        let parents = [parent, other].compactMap(\.self)
        if let signer = authorship.signer {
            return try signer.commit(
                tree: tree, parents: parents, message: message, author: authorship.author,
                committer: authorship.committer, time: time, in: gitDirectory)
        }
        return try createCommit(tree: tree, parents: parents, message: message, authorship, time: time)
    }

    /// Moves a reference if it still points at `expected` (`nil`: does not exist yet).
    ///
    /// - Throws: `GitError` of kind `conflict` when it points elsewhere.
    package func move(_ reference: String, to id: ObjectID, expecting expected: ObjectID?) throws(GitError) {
        try refuseMemory(id)
        guard let expected else { return try create(reference, at: id) }
        var (oid, old) = (id.oid, expected.oid)
        var pointer: OpaquePointer?
        defer { unsafe git_reference_free(pointer) }
        let status = unsafe git_reference_create_matching(
            &pointer, handle.pointer, reference, &oid, 1, &old, "pinion")
        if status == GIT_ENOTFOUND.rawValue { throw GitError(.conflict, "\(reference) is gone") }
        try check(status, "cannot move \(reference)")
    }

    /// Creates a reference that must not exist yet. Under the reference's lock, because `git_reference_create` looks for
    /// it before it takes that lock: of two who find nothing, the second would lay its commit over the first one's.
    private func create(_ reference: String, at id: ObjectID) throws(GitError) {
        let transaction = try unsafe own("cannot lock \(reference)", free: git_transaction_free) {
            unsafe git_transaction_new($0, handle.pointer)
        }
        try check(unsafe git_transaction_lock_ref(transaction.pointer, reference), "cannot lock \(reference)")
        guard try target(of: reference) == nil else { throw GitError(.conflict, "\(reference) exists already") }
        var oid = id.oid
        try check(
            unsafe git_transaction_set_target(transaction.pointer, reference, &oid, nil, "pinion"),
            "cannot create \(reference)")
        try check(unsafe git_transaction_commit(transaction.pointer), "cannot create \(reference)")
    }

    /// Keeps what is in memory alone from being referred to on disk.
    private func refuseMemory(_ commit: ObjectID) throws(GitError) {
        guard memory?.commits.contains(commit) == true else { return }
        throw GitError(.invalid, "\(commit) is the working tree, and no commit that anything can build on")
    }

    private func updatedTree(_ base: Owned?, _ changes: [TreeChange]) throws(GitError) -> ObjectID {
        var updates: [git_tree_update] = unsafe []
        // libgit2 reads the paths while it works, so they live until the end of the call.
        var paths: [UnsafeMutablePointer<CChar>] = unsafe []
        defer { while let path = unsafe paths.popLast() { unsafe path.deallocate() } }
        for change in changes {
            var update = unsafe git_tree_update()
            switch change {
            case .write(let path, let content):
                var oid = git_oid()
                let written = unsafe content.withUnsafeBytes {
                    unsafe git_blob_create_from_buffer(&oid, handle.pointer, $0.baseAddress, $0.count)
                }
                try check(written, "cannot write \(path)")
                unsafe update.action = GIT_TREE_UPDATE_UPSERT
                unsafe update.id = oid
                unsafe update.filemode = mode(of: path, in: base)
                unsafe paths.append(Self.copy(path))
            case .remove(let path):
                unsafe update.action = GIT_TREE_UPDATE_REMOVE
                unsafe paths.append(Self.copy(path))
            }
            unsafe update.path = unsafe UnsafePointer(paths[paths.count - 1])
            unsafe updates.append(update)
        }
        var oid = git_oid()
        let empty = base == nil ? try emptyTree() : nil
        let pointer = unsafe base?.pointer ?? empty?.pointer
        try check(
            unsafe git_tree_create_updated(&oid, handle.pointer, pointer, updates.count, updates),
            "cannot write the tree")
        return ObjectID(oid)
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe pointer[index] = byte }
        return unsafe pointer
    }

    private func mode(of path: String, in base: Owned?) -> git_filemode_t {
        guard let base else { return GIT_FILEMODE_BLOB }
        var entry: OpaquePointer?
        defer { unsafe git_tree_entry_free(entry) }
        let status = unsafe git_tree_entry_bypath(&entry, base.pointer, path)
        guard status == 0, unsafe git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE else {
            return GIT_FILEMODE_BLOB
        }
        return GIT_FILEMODE_BLOB_EXECUTABLE
    }

    private func emptyTree() throws(GitError) -> Owned {
        let builder = try unsafe own("cannot make a tree", free: git_treebuilder_free) {
            unsafe git_treebuilder_new($0, handle.pointer, nil)
        }
        var oid = git_oid()
        try check(unsafe git_treebuilder_write(&oid, builder.pointer), "cannot write a tree")
        return try unsafe own("cannot read a tree", free: git_tree_free) {
            unsafe git_tree_lookup($0, handle.pointer, &oid)
        }
    }

    private func createCommit(
        tree: ObjectID, parents: [ObjectID], message: String, _ authorship: Authorship, time: Int64
    ) throws(GitError) -> ObjectID {
        let author = unsafe try Self.signature(authorship.author, time)
        defer { unsafe git_signature_free(author) }
        let committer = unsafe try Self.signature(authorship.committer, time)
        defer { unsafe git_signature_free(committer) }
        var treeID = tree.oid
        let treeObject = try unsafe own("cannot read tree \(tree)", free: unsafe git_tree_free) {
            unsafe git_tree_lookup($0, handle.pointer, &treeID)
        }
        var commits: [Owned] = []
        for parent in parents {
            var id = parent.oid
            commits.append(
                try unsafe own("there is no commit \(parent)", free: unsafe git_commit_free) {
                    unsafe git_commit_lookup($0, handle.pointer, &id)
                })
        }
        var pointers: [OpaquePointer?] = unsafe commits.map { unsafe $0.pointer }
        var oid = git_oid()
        let status = unsafe git_commit_create(
            &oid, handle.pointer, nil, author, committer, nil, message, treeObject.pointer, pointers.count, &pointers)
        withExtendedLifetime(commits) {}
        try check(status, "cannot write a commit")
        return ObjectID(oid)
    }

    private static func signature(
        _ identity: Identity, _ time: Int64
    ) throws(GitError) -> UnsafeMutablePointer<git_signature>? {
        var signature: UnsafeMutablePointer<git_signature>?
        try check(
            unsafe git_signature_new(&signature, identity.name, identity.email, time, 0),
            "'\(identity.name) <\(identity.email)>' is no identity for a commit")
        return unsafe signature
    }
}

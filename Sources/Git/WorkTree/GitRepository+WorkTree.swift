import CGit2

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension GitRepository {
    /// What the working tree holds now, as a commit on top of HEAD that no reference points at and that only this actor
    /// can read. The repository, its index and the files stay as they are.
    ///
    /// It holds the tracked files as they are on disk and the untracked ones that git does not ignore. A symlink is a
    /// link, a submodule the commit that it has checked out; a repository that lies in the tree untracked is left out.
    /// Filters that git itself has (line ends, `ident`) are applied; external ones (LFS) are not, so that a changed file
    /// of theirs counts with its raw content. The same working tree on the same HEAD gives the same commit.
    ///
    /// - Throws: `GitError` of kind `invalid` in a bare repository.
    package func workTreeCommit() throws(GitError) -> Commit {
        guard let workTree else { throw GitError(.invalid, "\(gitDirectory) has no working tree") }
        let objects: MemoryObjects = if let memory { memory } else { try MemoryObjects(in: handle) }
        memory = objects
        let tree = try objects.addTree(of: files(inWorkTree: workTree, objects).values)
        let parent = try head()
        let who = "Working tree <working-tree@localhost> \(parent?.time ?? 0) +0000"
        let text =
            "tree \(tree)\n" + (parent.map { "parent \($0.id)\n" } ?? "")
            + "author \(who)\ncommitter \(who)\n\nThe working tree\n"
        return try commit(at: objects.add(Array(text.utf8), GIT_OBJECT_COMMIT).hex)
    }

    /// The commit that HEAD stands for, `nil` before the first one.
    private func head() throws(GitError) -> Commit? {
        if unsafe git_repository_head_unborn(handle.pointer) == 1 { return nil }
        return try commit(at: "HEAD")
    }

    private func files(
        inWorkTree root: String, _ objects: MemoryObjects
    ) throws(GitError) -> [[UInt8]: TreeFile] {
        let index = try unsafe own("cannot read the index", free: unsafe git_index_free) {
            unsafe git_repository_index($0, handle.pointer)
        }
        try check(unsafe git_index_read(index.pointer, 0), "cannot read the index")
        var files = try tracked(index, root, objects)
        let diff = try difference(index)
        let count = unsafe git_diff_num_deltas(diff.pointer)
        // A folder may have become a file or the other way round: what is gone goes first.
        for number in 0..<count {
            guard let delta = unsafe git_diff_get_delta(diff.pointer, number)?.pointee,
                unsafe delta.status == GIT_DELTA_DELETED,
                unsafe !isSparse(delta.old_file.path, index)
            else { continue }
            files[unsafe Self.bytes(delta.old_file.path)] = nil
        }
        for number in 0..<count {
            guard let delta = unsafe git_diff_get_delta(diff.pointer, number)?.pointee,
                unsafe delta.status != GIT_DELTA_DELETED
            else { continue }
            let path = unsafe Self.bytes(delta.new_file.path ?? delta.old_file.path)
            if unsafe delta.status == GIT_DELTA_UNREADABLE {
                throw GitError(.other, "cannot read \(String(decoding: path, as: UTF8.self)) in \(root)")
            }
            files[path] = try unsafe file(path, UInt32(delta.new_file.mode), delta.new_file.id, root, objects)
        }
        return files
    }

    /// What the index says, which holds for every file whose size and times are those of the index.
    private func tracked(
        _ index: Owned, _ root: String, _ objects: MemoryObjects
    ) throws(GitError) -> [[UInt8]: TreeFile] {
        var files: [[UInt8]: TreeFile] = [:]
        for number in 0..<(unsafe git_index_entrycount(index.pointer)) {
            guard let entry = unsafe git_index_get_byindex(index.pointer, number)?.pointee else { continue }
            let path = unsafe Self.bytes(entry.path)
            if unsafe git_index_entry_stage(git_index_get_byindex(index.pointer, number)) != 0 {
                // A conflict has up to three entries, and one file.
                files[path] = try file(path, 0, git_oid(), root, objects)
            } else {
                files[path] = unsafe TreeFile(path: path, mode: entry.mode, id: ObjectID(entry.id))
            }
        }
        return files
    }

    private func difference(_ index: Owned) throws(GitError) -> Owned {
        var options = unsafe git_diff_options()
        try check(
            unsafe git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION)), "cannot compare the working tree")
        unsafe options.flags =
            GIT_DIFF_INCLUDE_UNTRACKED.rawValue | GIT_DIFF_RECURSE_UNTRACKED_DIRS.rawValue
            | GIT_DIFF_INCLUDE_TYPECHANGE.rawValue | GIT_DIFF_INCLUDE_UNREADABLE.rawValue
        unsafe options.ignore_submodules = GIT_SUBMODULE_IGNORE_DIRTY
        return try unsafe own("cannot compare the working tree with the index", free: unsafe git_diff_free) {
            unsafe git_diff_index_to_workdir($0, handle.pointer, index.pointer, &options)
        }
    }

    /// Claims that a sparse checkout leaves the file out of the working tree on purpose.
    private func isSparse(_ path: UnsafePointer<CChar>?, _ index: Owned) -> Bool {
        guard let entry = unsafe git_index_get_bypath(index.pointer, path, 0) else { return false }
        return unsafe UInt32(entry.pointee.flags_extended) & GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue != 0
    }

    private static func bytes(_ path: UnsafePointer<CChar>?) -> [UInt8] {
        guard let path = unsafe path else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    }
}

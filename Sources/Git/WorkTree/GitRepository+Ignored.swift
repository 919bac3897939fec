import CGit2

extension GitRepository {
    /// Claims that nothing below a folder of the working tree is of interest to git: it is ignored, and nothing in it is
    /// tracked all the same.
    ///
    /// - Parameter folder: its path from the root of the working tree.
    package func ignores(folder: String) throws(GitError) -> Bool {
        var isIgnored: CInt = 0
        try check(
            unsafe git_ignore_path_is_ignored(&isIgnored, handle.pointer, folder + "/"),
            "cannot tell whether git ignores \(folder)")
        guard isIgnored == 1 else { return false }
        let index = try unsafe own("cannot read the index", free: unsafe git_index_free) {
            unsafe git_repository_index($0, handle.pointer)
        }
        try check(unsafe git_index_read(index.pointer, 0), "cannot read the index")
        var position = 0
        return unsafe git_index_find_prefix(&position, index.pointer, folder + "/") != 0
    }
}

import CGit2

extension GitRepository {
    /// The full names of the references below a folder (`refs/heads`), sorted.
    package func references(under folder: String) throws(GitError) -> [String] {
        let iterator = try unsafe own("cannot list \(folder)", free: git_reference_iterator_free) {
            unsafe git_reference_iterator_glob_new($0, handle.pointer, folder + "/*")
        }
        var names: [String] = []
        var name: UnsafePointer<CChar>?
        while true {
            let status = unsafe git_reference_next_name(&name, iterator.pointer)
            if status == GIT_ITEROVER.rawValue { return names.sorted() }
            try check(status, "cannot list \(folder)")
            if let name = unsafe name { names.append(unsafe String(cString: name)) }
        }
    }
}

import CGit2

/// Everything in a commit's tree, listed once and looked up many times.
package struct TreeListing: Sendable {
    package let commit: ObjectID
    /// Files, symlinks and submodules, sorted by path bytes.
    package let entries: [TreeEntry]
    /// The trees of the folders by path; that of the root is `""`.
    package let folders: [String: ObjectID]

    /// The file at this path, `nil` when there is none (or a folder).
    package func entry(at path: String) -> TreeEntry? {
        let index = entries.partitioningIndex { !Self.precedes($0.path, path) }
        return index < entries.endIndex && entries[index].path == path ? entries[index] : nil
    }

    /// What stands at a path: two listings with the same mark have the same there, all that is below it included.
    package struct Mark: Hashable, Sendable {
        /// The tree's, blob's or commit's id, `nil` where nothing stands.
        package let id: ObjectID?
        /// `nil` for a folder.
        package let mode: TreeEntry.Mode?

        package init(id: ObjectID?, mode: TreeEntry.Mode?) {
            self.id = id
            self.mode = mode
        }
    }

    package func mark(of path: String) -> Mark {
        if let tree = folders[path] { return Mark(id: tree, mode: nil) }
        let entry = entry(at: path)
        return Mark(id: entry?.id, mode: entry?.mode)
    }

    /// The entries below a folder, `""` for all; their paths are in byte order, which keeps them together.
    func entries(under folder: String) -> ArraySlice<TreeEntry> {
        guard !folder.isEmpty else { return entries[...] }
        guard folders[folder] != nil else { return [] }
        let prefix = folder + "/"
        let start = entries.partitioningIndex { !Self.precedes($0.path, prefix) }
        let end = entries[start...].firstIndex { !$0.path.utf8.starts(with: prefix.utf8) } ?? entries.endIndex
        return entries[start..<end]
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

extension Array {
    /// The first index whose element the predicate holds for, where it holds for all behind it too.
    fileprivate func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension GitRepository {
    /// Lists a commit's tree. The last listing is kept, and `file(at:in:)` and `files(at:under:)` look things up in it:
    /// libgit2 parses the tree of a large folder again for each file in it.
    package func listing(of commit: ObjectID) throws(GitError) -> TreeListing {
        if let known = lastListing, known.commit == commit { return known }
        let root = try tree(of: commit)
        var found: [TreeEntry] = []
        var folders: [String: ObjectID] = ["": unsafe ObjectID(git_tree_id(root.pointer).pointee)]
        try unsafe collect(root.pointer, prefix: "", into: &found, folders: &folders)
        let listing = TreeListing(commit: commit, entries: found, folders: folders)
        lastListing = listing
        return listing
    }
}

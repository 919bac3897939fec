extension GitRepository {
    /// The bytes of these blobs, in order, as many of them as a budget holds: all in one turn, since each turn costs a change of
    /// threads. At least one, whatever its size.
    ///
    /// - Parameter budget: in bytes.
    package func blobs(_ ids: ArraySlice<ObjectID>, budget: Int) throws(GitError) -> [[UInt8]] {
        var contents: [[UInt8]] = []
        var size = 0
        for id in ids where contents.isEmpty || size < budget {
            let content = try blob(id)
            size += content.count
            contents.append(content)
        }
        return contents
    }

    /// The files at these paths of a commit's tree, with their bytes; `nil` where there is none. All in one turn.
    package func files(
        at paths: [String], in commit: ObjectID
    ) throws(GitError) -> [(entry: TreeEntry, bytes: [UInt8])?] {
        var files: [(entry: TreeEntry, bytes: [UInt8])?] = []
        files.reserveCapacity(paths.count)
        for path in paths {
            guard let entry = try file(at: path, in: commit) else {
                files.append(nil)
                continue
            }
            files.append((entry, try blob(entry.id)))
        }
        return files
    }
}

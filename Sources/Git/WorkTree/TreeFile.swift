import CGit2

/// A path in a tree to be built. Paths are bytes, because git's are.
struct TreeFile {
    let path: [UInt8]
    let mode: UInt32
    let id: ObjectID
}

extension MemoryObjects {
    /// Makes the trees of these files, and returns the root's id.
    func addTree(of files: some Collection<TreeFile>) throws(GitError) -> ObjectID {
        // Whole paths in byte order put the entries of every folder into git's order, where a folder's name ends in `/`.
        let sorted = files.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        return try addTree(of: sorted[...], below: 0)
    }

    private func addTree(of files: ArraySlice<TreeFile>, below offset: Int) throws(GitError) -> ObjectID {
        var content: [UInt8] = []
        var index = files.startIndex
        while index < files.endIndex {
            let file = files[index]
            let rest = file.path[offset...]
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
                append(mode: file.mode, name: rest, file.id, to: &content)
                index += 1
                continue
            }
            let end =
                files[index...].firstIndex { !$0.path[offset...].starts(with: rest[...slash]) } ?? files.endIndex
            let folder = try addTree(of: files[index..<end], below: slash + 1)
            append(mode: GIT_FILEMODE_TREE.rawValue, name: rest[..<slash], folder, to: &content)
            index = end
        }
        return try add(content, GIT_OBJECT_TREE)
    }

    private func append(mode: UInt32, name: ArraySlice<UInt8>, _ id: ObjectID, to content: inout [UInt8]) {
        content += Array(String(mode, radix: 8).utf8)
        content.append(UInt8(ascii: " "))
        content += name
        content.append(0)
        content += unsafe withUnsafeBytes(of: id.oid) { unsafe Array($0) }
    }
}

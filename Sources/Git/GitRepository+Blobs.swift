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
}

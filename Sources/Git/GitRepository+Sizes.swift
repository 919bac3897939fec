import CGit2

extension GitRepository {
    /// The size of a blob in bytes, and the bytes themselves unless there are more than `limit`: of a larger blob nothing
    /// but its header is read.
    package func blob(_ id: ObjectID, atMost limit: Int) throws(GitError) -> (size: Int, bytes: [UInt8]?) {
        let odb = try unsafe own("cannot open the object database", free: unsafe git_odb_free) {
            unsafe git_repository_odb($0, handle.pointer)
        }
        var (oid, size, kind) = (id.oid, 0, GIT_OBJECT_ANY)
        try check(unsafe git_odb_read_header(&size, &kind, odb.pointer, &oid), "there is no blob \(id)")
        return (size, size > limit ? nil : try blob(id))
    }
}

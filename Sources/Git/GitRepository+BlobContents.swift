import CGit2

/// A blob as far as it was wanted.
package struct BlobContent: Sendable {
    /// In bytes.
    package let size: Int
    /// `nil` when there are more than were asked for.
    package let bytes: [UInt8]?
}

extension GitRepository {
    /// The contents of many blobs, in the order of their ids. One call is one visit to the repository's thread, where a
    /// call for each blob would cost as much as the reading.
    ///
    /// - Parameter limit: of a larger blob, in bytes, nothing but the header is read.
    package func blobs(_ ids: [ObjectID], atMost limit: Int) throws(GitError) -> [BlobContent] {
        let odb = try unsafe own("cannot open the object database", free: unsafe git_odb_free) {
            unsafe git_repository_odb($0, handle.pointer)
        }
        var contents: [BlobContent] = []
        contents.reserveCapacity(ids.count)
        for id in ids {
            var (oid, size, kind) = (id.oid, 0, GIT_OBJECT_ANY)
            try check(unsafe git_odb_read_header(&size, &kind, odb.pointer, &oid), "there is no blob \(id)")
            guard size <= limit else {
                contents.append(BlobContent(size: size, bytes: nil))
                continue
            }
            let object = try unsafe own("there is no blob \(id)", free: unsafe git_odb_object_free) {
                unsafe git_odb_read($0, odb.pointer, &oid)
            }
            guard unsafe git_odb_object_type(object.pointer) == GIT_OBJECT_BLOB else {
                throw GitError(.notFound, "object \(id) is no blob")
            }
            let bytes = unsafe Array(
                UnsafeRawBufferPointer(start: git_odb_object_data(object.pointer), count: size))
            contents.append(BlobContent(size: size, bytes: bytes))
        }
        return contents
    }
}

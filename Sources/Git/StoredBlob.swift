import CGit2

/// A blob's bytes where libgit2 has put them, for those who only pass them on: a copy of a large file costs as much as
/// writing it.
///
/// `@unchecked Sendable`: nobody changes the bytes, and libgit2 counts the owners of an object atomically.
@safe package final class StoredBlob: @unchecked Sendable {
    private let object: Owned

    init(_ object: Owned) { self.object = object }

    package var count: Int { unsafe git_odb_object_size(object.pointer) }

    /// Lends the bytes for the time of the call.
    package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try unsafe body(UnsafeRawBufferPointer(start: git_odb_object_data(object.pointer), count: count))
    }
}

extension GitRepository {
    /// These blobs, in order, as many of them as a budget holds: all in one turn, since each turn costs a change of
    /// threads. At least one, whatever its size.
    ///
    /// - Parameter budget: in bytes.
    package func storedBlobs(_ ids: ArraySlice<ObjectID>, budget: Int) throws(GitError) -> [StoredBlob] {
        let odb = try unsafe own("cannot open the object database", free: unsafe git_odb_free) {
            unsafe git_repository_odb($0, handle.pointer)
        }
        var blobs: [StoredBlob] = []
        var size = 0
        for id in ids where blobs.isEmpty || size < budget {
            var oid = id.oid
            let object = try unsafe own("there is no blob \(id)", free: unsafe git_odb_object_free) {
                unsafe git_odb_read($0, odb.pointer, &oid)
            }
            guard unsafe git_odb_object_type(object.pointer) == GIT_OBJECT_BLOB else {
                throw GitError(.notFound, "object \(id) is no blob")
            }
            let blob = StoredBlob(object)
            size += blob.count
            blobs.append(blob)
        }
        return blobs
    }
}

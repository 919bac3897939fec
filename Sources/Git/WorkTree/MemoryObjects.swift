import CGit2

/// Objects that are added to a repository's handle in memory alone: they are read like all others, and nothing of them
/// reaches the disk.
@safe final class MemoryObjects {
    /// The commits among them, which nothing on disk may refer to.
    private(set) var commits: Set<ObjectID> = []

    private let database: Owned
    private let backend: UnsafeMutablePointer<git_odb_backend>
    private let write:
        @convention(c) (
            UnsafeMutablePointer<git_odb_backend>?, UnsafePointer<git_oid>?, UnsafeRawPointer?, Int, git_object_t
        ) -> CInt

    init(in repository: Owned) throws(GitError) {
        database = try unsafe own("cannot open the object database", free: unsafe git_odb_free) {
            unsafe git_repository_odb($0, repository.pointer)
        }
        var made: UnsafeMutablePointer<git_odb_backend>?
        try check(unsafe git_mempack_new(&made), "cannot keep objects in memory")
        guard let backend = unsafe made, let write = unsafe backend.pointee.write else {
            throw GitError(.other, "cannot keep objects in memory")
        }
        // libgit2 would write everything here from now on, and would leave out of a real commit what it finds here.
        unsafe backend.pointee.write = nil
        unsafe backend.pointee.exists = nil
        unsafe (self.backend, self.write) = unsafe (backend, write)
        // The database owns the backend from here on. The greatest priority is asked first.
        try check(
            unsafe git_odb_add_backend(database.pointer, backend, 999), "cannot keep objects in memory")
    }

    func add(_ content: [UInt8], _ type: git_object_t) throws(GitError) -> ObjectID {
        let result = unsafe content.withUnsafeBytes { bytes in
            Result { () throws(GitError) in unsafe try add(bytes.baseAddress, bytes.count, type) }
        }
        return try result.get()
    }

    /// Keeps an object unless the repository has it, whose files are not even touched by asking.
    func add(_ start: UnsafeRawPointer?, _ count: Int, _ type: git_object_t) throws(GitError) -> ObjectID {
        var oid = git_oid()
        try check(unsafe git_odb_hash(&oid, start, count, type), "cannot hash an object")
        let id = ObjectID(oid)
        if type == GIT_OBJECT_COMMIT { commits.insert(id) }
        if unsafe git_odb_exists_ext(database.pointer, &oid, GIT_ODB_LOOKUP_NO_REFRESH.rawValue) == 1 { return id }
        try check(unsafe write(backend, &oid, start, count, type), "cannot keep object \(id) in memory")
        return id
    }
}

import CGit2

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension GitRepository {
    /// The file at this path as it is on disk, `nil` when there is none or when it is no file, link or submodule.
    ///
    /// - Parameters:
    ///   - mode: git's mode of it, 0 when it is not known.
    ///   - commit: of a submodule, what it has checked out.
    func file(
        _ path: [UInt8], _ mode: UInt32, _ commit: git_oid, _ root: String, _ objects: MemoryObjects
    ) throws(GitError) -> TreeFile? {
        let place = (Array(root.utf8) + [UInt8(ascii: "/")] + path + [0]).map { CChar(bitPattern: $0) }
        switch TreeEntry.Mode(rawValue: mode == 0 ? Self.mode(of: place) : mode) {
        case .symlink:
            guard let target = Self.target(of: place) else { return nil }
            let id = try objects.add(target, GIT_OBJECT_BLOB)
            return TreeFile(path: path, mode: TreeEntry.Mode.symlink.rawValue, id: id)
        case .submodule:
            return TreeFile(path: path, mode: mode, id: ObjectID(commit))
        case .file: return try regular(path, .file, place, objects)
        case .executable: return try regular(path, .executable, place, objects)
        case nil: return nil
        }
    }

    private func regular(
        _ path: [UInt8], _ mode: TreeEntry.Mode, _ place: [CChar], _ objects: MemoryObjects
    ) throws(GitError) -> TreeFile? {
        let shown = String(decoding: path, as: UTF8.self)
        let relative = path.map { CChar(bitPattern: $0) } + [0]
        var filters: OpaquePointer?
        try check(
            unsafe git_filter_list_load(
                &filters, handle.pointer, nil, relative, GIT_FILTER_TO_ODB, GIT_FILTER_ALLOW_UNSAFE.rawValue),
            "cannot tell how git stores \(shown)")
        defer { unsafe git_filter_list_free(filters) }
        var content = unsafe git_buf()
        defer { unsafe git_buf_dispose(&content) }
        let status = unsafe git_filter_list_apply_to_file(&content, filters, handle.pointer, place)
        if status < 0, Self.mode(of: place) == 0 { return nil }
        try check(status, "cannot read \(shown)")
        let id = unsafe try objects.add(content.ptr, content.size, GIT_OBJECT_BLOB)
        return TreeFile(path: path, mode: mode.rawValue, id: id)
    }

    /// git's mode of a file on disk, 0 when there is none.
    private static func mode(of place: [CChar]) -> UInt32 {
        var facts = stat()
        guard unsafe lstat(place, &facts) == 0 else { return 0 }
        switch facts.st_mode & S_IFMT {
        case S_IFLNK: return TreeEntry.Mode.symlink.rawValue
        case S_IFREG:
            let isExecutable = facts.st_mode & S_IXUSR != 0
            return (isExecutable ? TreeEntry.Mode.executable : .file).rawValue
        default: return 0
        }
    }

    private static func target(of link: [CChar]) -> [UInt8]? {
        var count = 256
        while true {
            var buffer = [CChar](repeating: 0, count: count)
            let length = unsafe readlink(link, &buffer, count)
            if length < 0 { return nil }
            if length < count { return buffer[..<length].map { UInt8(bitPattern: $0) } }
            count *= 2
        }
    }
}

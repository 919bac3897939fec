import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What is in an open folder.
enum FolderEntries {
    /// All names but `.` and `..`, sorted by their bytes; each ends in NUL, as the system takes it, and may be no UTF-8.
    static func names(in folder: CInt) throws -> [[CChar]] {
        let copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw IOError(errnoCode: code, reason: "opendir")
        }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            // In place: the tuple is longer than what the system wrote.
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
            let name = Array(UnsafeBufferPointer(start: start, count: strlen(start) + 1))
            if name != [46, 0], name != [46, 46, 0] { names.append(name) }
        }
        return names.sorted { left, right in
            left.lazy.map(UInt8.init(bitPattern:)).lexicographicallyPrecedes(right.lazy.map(UInt8.init(bitPattern:)))
        }
    }
}

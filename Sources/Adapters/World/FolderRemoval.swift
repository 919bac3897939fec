import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Removes a folder and all that is in it: of any depth, also what its owner may not look into, following no link.
///
/// A tool may have left what paths are too short for, so each step goes from an open folder to a name in it, and only one
/// is open at a time.
struct FolderRemoval {
    private struct Level {
        let identity: Identity
        /// The folders in it that are not removed yet.
        var names: [[CChar]]
    }

    private struct Identity: Equatable {
        let device: dev_t
        let number: ino_t

        init(_ folder: CInt) throws {
            var facts = stat()
            guard fstat(folder, &facts) == 0 else { throw FolderRemoval.error("stat") }
            (device, number) = (facts.st_dev, facts.st_ino)
        }
    }

    /// Blocks.
    ///
    /// - Throws: `IOError` at the first thing that can't be removed.
    static func remove(_ path: String) throws {
        var folder = try path.withCString { try open($0, in: AT_FDCWD) }
        defer { close(folder) }
        var levels = [try enter(folder)]
        while let level = levels.last {
            if let name = level.names.last {
                let inner = try open(name, in: folder)
                close(folder)
                folder = inner
                levels.append(try enter(folder))
                continue
            }
            levels.removeLast()
            guard let above = levels.last, let name = above.names.last else { break }
            let parent = try open("..", in: folder)
            close(folder)
            folder = parent
            // Whoever moves folders about while they are removed must not lead us elsewhere.
            guard try Identity(folder) == above.identity else { throw IOError(errnoCode: ESTALE, reason: "open") }
            guard unlinkat(folder, name, AT_REMOVEDIR) == 0 else { throw error("rmdir") }
            levels[levels.count - 1].names.removeLast()
        }
        guard rmdir(path) == 0 else { throw error("rmdir") }
    }

    /// Removes all but folders, and tells which those are.
    private static func enter(_ folder: CInt) throws -> Level {
        fchmod(folder, 0o700)
        var names: [[CChar]] = []
        for name in try FolderEntries.names(in: folder) where unlinkat(folder, name, 0) != 0 {
            // EISDIR is Linux's word, EPERM that of POSIX.
            guard errno == EISDIR || errno == EPERM else { throw error("unlink") }
            if unlinkat(folder, name, AT_REMOVEDIR) != 0 { names.append(name) }
        }
        return Level(identity: try Identity(folder), names: names)
    }

    private static func open(_ name: UnsafePointer<CChar>, in folder: CInt) throws -> CInt {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var descriptor = openat(folder, name, flags)
        if descriptor < 0, errno == EACCES, fchmodat(folder, name, 0o700, 0) == 0 {
            descriptor = openat(folder, name, flags)
        }
        guard descriptor >= 0 else { throw error("open") }
        return descriptor
    }

    private static func error(_ reason: String) -> IOError { IOError(errnoCode: errno, reason: reason) }
}

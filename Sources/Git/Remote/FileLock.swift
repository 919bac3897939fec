#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An exclusive lock between processes (and within one), which the system drops when its holder ends.
final class FileLock {
    private var descriptor: CInt

    /// Waits until nobody else holds it. The file stays; to remove it would let two holders in.
    init(at path: String) throws(GitError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw GitError(.other, "cannot open the lock \(path)") }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                release()
                throw GitError(.other, "cannot take the lock \(path)")
            }
        }
    }

    deinit { release() }

    func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}

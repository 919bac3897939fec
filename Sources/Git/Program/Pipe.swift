import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Two ends of a pipe that no child inherits unasked, each closed once.
final class Pipe {
    private(set) var reading: CInt
    private(set) var writing: CInt

    /// Held while a pipe is made and while a child is started: a child that is started in between would keep the pipe
    /// open for good.
    static let spawning = Mutex(())

    init?() {
        var ends: [CInt] = [-1, -1]
        let status = Self.spawning.withLock { _ in
            let status = unsafe pipe(&ends)
            if status == 0 { for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) } }
            return status
        }
        guard status == 0 else { return nil }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        closeReading()
        closeWriting()
    }

    func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    /// Writes what fits at once; `false` when it is not all.
    func write(_ bytes: [UInt8]) -> Bool {
        let flags = fcntl(writing, F_GETFL)
        _ = fcntl(writing, F_SETFL, flags | O_NONBLOCK)
        defer { _ = fcntl(writing, F_SETFL, flags) }
        #if canImport(Darwin)
            return unsafe Darwin.write(writing, bytes, bytes.count) == bytes.count
        #else
            return unsafe Glibc.write(writing, bytes, bytes.count) == bytes.count
        #endif
    }

    /// Everything until the last writer has gone.
    func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe read(reading, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}

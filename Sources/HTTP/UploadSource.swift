#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The bytes of a request's body, readable from any position, so that libcurl can start again on a new connection.
struct UploadSource: ~Copyable {
    private enum Storage {
        case bytes([UInt8])
        case file(descriptor: Int32, offset: Int64)
    }

    private let storage: Storage
    let length: Int64
    private var position: Int64 = 0

    /// - Returns: `nil` when the file's descriptor can't be duplicated.
    init?(_ body: HTTPRequest.Body) {
        switch body {
        case .none:
            storage = .bytes([])
            length = 0
        case .bytes(let bytes):
            storage = .bytes(bytes)
            length = Int64(bytes.count)
        case .file(let descriptor, let offset, let length):
            // Its own descriptor: the caller may close his as soon as he is no longer interested.
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { return nil }
            storage = .file(descriptor: copy, offset: offset)
            self.length = length
        }
    }

    deinit {
        if case .file(let descriptor, _) = storage { close(descriptor) }
    }

    /// The next bytes.
    ///
    /// - Returns: how many were copied, 0 at the end; `nil` when the file can't be read or is shorter than announced.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let wanted = Int(min(Int64(buffer.count), length - position))
        guard wanted > 0 else { return 0 }
        let count: Int
        switch storage {
        case .bytes(let bytes):
            unsafe buffer.copyBytes(from: bytes[Int(position)..<(Int(position) + wanted)])
            count = wanted
        case .file(let descriptor, let offset):
            count = unsafe pread(descriptor, buffer.baseAddress, wanted, off_t(offset + position))
            guard count > 0 else { return nil }
        }
        position += Int64(count)
        return count
    }

    /// Moves to a position counted from the start; false when there is none.
    mutating func seek(to offset: Int64) -> Bool {
        guard (0...length).contains(offset) else { return false }
        position = offset
        return true
    }
}

import BLAKE3
import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where the bytes of one upload go: hashed as they come, into a new file or, for the index, into memory.
struct UploadSink: ~Copyable {
    private enum Target {
        case memory([UInt8])
        case file(descriptor: Int32, path: String)
    }

    private var target: Target
    private var hasher = ContentHasher()
    private(set) var count: Int64 = 0

    /// Keeps the bytes in memory.
    init() {
        target = .memory([])
    }

    /// Writes to a new file. One that is there is replaced, never followed: it may be the rest of a broken upload.
    init(file path: String) async throws {
        let descriptor = try await Self.blocking {
            unlink(path)
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
            return descriptor
        }
        target = .file(descriptor: descriptor, path: path)
    }

    mutating func add(_ buffer: ByteBuffer) async throws {
        hasher.update(buffer.readableBytesView)
        count += Int64(buffer.readableBytes)
        switch target {
        case .memory(var bytes):
            target = .memory([])  // Or the append copies.
            bytes.append(contentsOf: buffer.readableBytesView)
            target = .memory(bytes)
        case .file(let descriptor, _):
            try await Self.blocking { try Self.append(buffer, to: descriptor) }
        }
    }

    /// Ends the upload; gives the bytes that were kept in memory.
    consuming func finish() async throws -> (contentID: ContentID, bytes: [UInt8]) {
        let id = hasher.contentID
        switch target {
        case .memory(let bytes): return (id, bytes)
        case .file(let descriptor, _):
            try await Self.blocking {
                guard close(descriptor) == 0 else { throw IOError(errnoCode: errno, reason: "close") }
            }
            return (id, [])
        }
    }

    /// Ends an upload that came to nothing.
    consuming func discard() async {
        if case .file(let descriptor, let path) = target {
            try? await Self.blocking {
                close(descriptor)
                unlink(path)
            }
        }
    }

    private static func append(_ buffer: ByteBuffer, to descriptor: Int32) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw IOError(errnoCode: errno, reason: "write")
                }
            }
        }
    }

    /// Disks block: not on the pool that runs tasks.
    private static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}

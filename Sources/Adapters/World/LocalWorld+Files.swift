import BLAKE3
import DeploymentModel
import FoundationEssentials
import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension LocalWorld {
    /// Disks block: not on the pool that runs tasks.
    static func blocking<Value: Sendable>(
        _ complaint: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await NIOThreadPool.singleton.runIfActive(body)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.sandbox, "\(complaint): \(reason(error))", remedy: "Is the disk full, or not this user's?")
        }
    }

    /// The same for what has to be done after a run that was cancelled, too; `blocking` does nothing then.
    static func always(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            NIOThreadPool.singleton.submit { _ in
                body()
                continuation.resume()
            }
        }
    }

    static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    /// The size of a regular file in bytes; `nil` for anything else, a symbolic link too.
    static func sizeOfFile(at path: String) -> Int64? {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(facts.st_size)
    }

    /// Reads a file from its beginning to its end, piece by piece.
    ///
    /// - Throws: `IOError` with `EINVAL` for what is no regular file: a pipe or a device may never end.
    static func read(_ path: String, followingLinks: Bool = false, _ body: ([UInt8]) throws -> Void) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw IOError(errnoCode: EINVAL, reason: "no regular file")
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = readFile(descriptor, &buffer, buffer.count)
            if count == 0 { return }
            if count < 0 {
                guard errno == EINTR else { throw IOError(errnoCode: errno, reason: "read") }
                continue
            }
            try body(Array(buffer[..<count]))
        }
    }

    /// Copies a file, hashing what it copies.
    static func hashingCopy(of source: String, to target: String) throws -> ContentID {
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
        defer { close(descriptor) }
        var hasher = ContentHasher()
        try read(source, followingLinks: true) { bytes in
            hasher.update(bytes)
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw IOError(errnoCode: errno, reason: "write")
                }
            }
        }
        return hasher.contentID
    }
}

/// `link` and `read` of the system, whose names members of the store have too.
@discardableResult
func linkFile(_ file: String, _ name: String) -> Int32 { link(file, name) }

private func readFile(_ descriptor: Int32, _ buffer: inout [UInt8], _ count: Int) -> Int {
    read(descriptor, &buffer, count)
}

import Dispatch
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The writing end of the driver's standard input. Lines are written in order on a thread of its own, which may wait
/// for a driver that does not read yet.
final class RequestPipe: Sendable {
    private let queue = DispatchQueue(label: "dev.pinion.modal.requests")
    private let descriptor: Mutex<FileDescriptor?>

    /// - Returns: with the reading end, which is the caller's to close.
    static func make() throws -> (pipe: RequestPipe, input: FileDescriptor) {
        let ends = try FileDescriptor.pipe()
        // No other child may hold it: the driver ends when this process does, because its input does.
        for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        return (RequestPipe(ends.writeEnd), ends.readEnd)
    }

    private init(_ descriptor: FileDescriptor) { self.descriptor = Mutex(descriptor) }

    /// A line that can't be written is dropped: then the driver is gone, and whoever reads its answers says so.
    func send(_ line: String) {
        queue.async { @Sendable [self] in
            descriptor.withLock { _ = try? $0?.writeAll((line + "\n").utf8) }
        }
    }

    /// Ends the driver's input after all that was sent.
    func finish() {
        queue.async { @Sendable [self] in
            descriptor.withLock { descriptor in
                try? descriptor?.close()
                descriptor = nil
            }
        }
    }
}

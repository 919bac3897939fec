import CNetworkNamespace

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The network namespace of a process of this host (Linux, network_namespaces(7)): sockets can be made inside it, though
/// nothing of this host's own network leads there.
///
/// It is held open, so that it stays the same one even when the process ends and its id is given away.
package final class NetworkNamespace: Sendable {
    private let descriptor: CInt

    /// - Throws: `NetworkNamespaceError` when the process is gone or this one may not enter its namespace
    ///   (`CAP_SYS_ADMIN`), and everywhere but on Linux.
    package init(ofProcess id: Int) throws(NetworkNamespaceError) {
        descriptor = unsafe open("/proc/\(id)/ns/net", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw NetworkNamespaceError("no namespace of process \(id)", code: errno) }
        // A first socket shows whether it can be entered at all.
        close(try socket())
    }

    deinit { close(descriptor) }

    /// A connection to this port on the loopback address inside; the caller closes the descriptor.
    ///
    /// - Throws: `NetworkNamespaceError`, with `ECONNREFUSED` while nobody listens.
    package func connect(toLoopbackPort port: UInt16) throws(NetworkNamespaceError) -> CInt {
        let made = try socket()
        var address = Self.loopback(port: port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #if canImport(Darwin)
                    unsafe Darwin.connect(made, $0, size)
                #elseif canImport(Musl)
                    unsafe Musl.connect(made, $0, size)
                #else
                    unsafe Glibc.connect(made, $0, size)
                #endif
            }
        }
        guard result == 0 else {
            let code = errno
            close(made)
            throw NetworkNamespaceError("no connection to port \(port) inside", code: code)
        }
        return made
    }

    /// A socket that is bound to a free port on the loopback address inside, and that port; the caller closes the
    /// descriptor.
    package func bindToLoopback() throws(NetworkNamespaceError) -> (descriptor: CInt, port: UInt16) {
        let made = try socket()
        var address = Self.loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(made, $0, size) == 0 ? getsockname(made, $0, &size) : -1
            }
        }
        guard result == 0 else {
            let code = errno
            close(made)
            throw NetworkNamespaceError("no port inside", code: code)
        }
        return (made, UInt16(bigEndian: address.sin_port))
    }

    private func socket() throws(NetworkNamespaceError) -> CInt {
        let made = cnetns_socket(descriptor)
        guard made >= 0 else { throw NetworkNamespaceError("the network namespace can't be entered", code: -made) }
        return made
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }
}

/// What kept a socket from being made or used in a network namespace.
package struct NetworkNamespaceError: Error, CustomStringConvertible {
    package let message: String
    /// The system's `errno`.
    package let code: CInt

    init(_ message: String, code: CInt) {
        self.message = message
        self.code = code
    }

    package var description: String { unsafe "\(message): \(String(cString: strerror(code)))" }
}

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A system call that failed while a test server was set up.
struct SocketError: Error, CustomStringConvertible {
    let description: String

    init(_ call: String) {
        description = "\(call): \(String(cString: strerror(errno)))"
    }
}

/// Listens on a port of 127.0.0.1 that the system chooses.
func listenLoopback() throws -> (descriptor: Int32, port: Int) {
    let (descriptor, port) = try bindLoopback()
    try startListening(descriptor)
    return (descriptor, port)
}

/// Takes a port of 127.0.0.1 that the system chooses.
func bindLoopback() throws -> (descriptor: Int32, port: Int) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let descriptor = try bound(AF_INET, address)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

/// Connects to a port of 127.0.0.1.
func connectLoopback(port: Int) throws -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let descriptor = try streamSocket(AF_INET)
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard status == 0 else {
        close(descriptor)
        throw SocketError("connect")
    }
    return descriptor
}

/// Listens on a unix socket at a path, at most about 100 bytes long.
func listenUnix(_ path: String) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
    let descriptor = try bound(AF_UNIX, address)
    try startListening(descriptor)
    return descriptor
}

private func streamSocket(_ family: Int32) throws -> Int32 {
    #if canImport(Darwin)
        let descriptor = socket(family, SOCK_STREAM, 0)
    #else
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #endif
    guard descriptor >= 0 else { throw SocketError("socket") }
    return descriptor
}

private func bound<Address>(_ family: Int32, _ address: Address) throws -> Int32 {
    let descriptor = try streamSocket(family)
    let status = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
        }
    }
    guard status == 0 else { throw SocketError("bind") }
    return descriptor
}

private func startListening(_ descriptor: Int32) throws {
    guard listen(descriptor, 64) == 0 else { throw SocketError("listen") }
}

/// Runs a closure on a thread of its own.
func startThread(_ body: @escaping @Sendable () -> Void) throws {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let context = Unmanaged.passRetained(Work(body)).toOpaque()
    #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(
            &thread, nil,
            {
                Unmanaged<Work>.fromOpaque($0).takeRetainedValue().body()
                return nil
            }, context)
        if let thread { pthread_detach(thread) }
    #else
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            {
                Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().body()
                return nil
            }, context)
        pthread_detach(thread)
    #endif
    guard status == 0 else { throw SocketError("pthread_create") }
}

import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A port of this host that is open on all addresses, as a careless service's would be.
final class Listener: Sendable {
    private let descriptor: CInt
    let port: UInt16

    private init(_ descriptor: CInt, port: UInt16) {
        self.descriptor = descriptor
        self.port = port
    }

    static func onAllAddresses() async throws -> Listener {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        try #require(result == 0)
        return Listener(descriptor, port: UInt16(bigEndian: address.sin_port))
    }

    func close() async { Glibc.close(descriptor) }

    /// An address of this host that is not its loopback, as the kernel would choose for the outside.
    static func ownAddress() throws -> String {
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        defer { Glibc.close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        // Connecting a datagram socket sends nothing (RFC 5737 address).
        inet_pton(AF_INET, "192.0.2.1", &address.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        try #require(result == 0)
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(INET_ADDRSTRLEN))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

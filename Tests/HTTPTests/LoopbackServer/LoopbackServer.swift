import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A small HTTP/1.1 server for tests, on a port of 127.0.0.1 that the system chooses or on a unix socket. It does what its
/// closure says, nonsense included.
package final class LoopbackServer: Sendable {
    /// Handles one connection from its first byte to its last.
    package typealias ConnectionHandler = @Sendable (Connection) -> Void

    /// 0 on a unix socket.
    package let port: Int
    private let listener: Int32
    private let log: Log

    /// The base URL, without a slash at its end.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// All requests so far, if the server is one that answers each with a reply.
    package var requests: [ReceivedRequest] { log.requests.withLock { $0 } }

    /// A server that leaves everything to the closure.
    package convenience init(unixSocket: String? = nil, connections handler: @escaping ConnectionHandler) throws {
        try self.init(unixSocket: unixSocket, log: Log(), handler)
    }

    /// A server that answers each request, with keep-alive, and remembers it.
    package static func answering(
        unixSocket: String? = nil, _ reply: @escaping @Sendable (ReceivedRequest) -> Reply
    ) throws -> LoopbackServer {
        let log = Log()
        return try LoopbackServer(unixSocket: unixSocket, log: log) { connection in
            while let request = connection.readRequest() {
                log.requests.withLock { $0.append(request) }
                guard connection.write(reply(request).serialized(toHead: request.method == "HEAD")) else { return }
            }
        }
    }

    private init(unixSocket: String?, log: Log, _ handler: @escaping ConnectionHandler) throws {
        let (listener, port) = try unixSocket.map { (try listenUnix($0), 0) } ?? listenLoopback()
        self.listener = listener
        self.port = port
        self.log = log
        try startThread {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                try? startThread {
                    handler(Connection(descriptor))
                    close(descriptor)
                }
            }
            close(listener)
        }
    }

    deinit {
        // Wakes the thread that accepts; it closes the listener.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private final class Log: Sendable {
        let requests = Mutex<[ReceivedRequest]>([])
    }
}

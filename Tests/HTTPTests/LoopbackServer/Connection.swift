#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The server's end of one connection, with blocking calls; each connection has a thread of its own.
package final class Connection {
    private let descriptor: Int32
    private var buffered: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The next request, its body included; `nil` when the client has gone.
    ///
    /// - Parameter limit: the most bytes of its body that are read; the rest is left for whoever reads next.
    package func readRequest(bodyUpTo limit: Int = .max) -> ReceivedRequest? {
        guard let head = readHead() else { return nil }
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let start = lines[0].split(separator: " ")
        guard start.count == 3 else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (line[..<colon].lowercased(), String(value))
        }
        let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard let body = read(exactly: min(length, limit)) else { return nil }
        return ReceivedRequest(method: String(start[0]), target: String(start[1]), headers: headers, body: body)
    }

    /// The request with what was left of its body; `nil` when the client has gone.
    package func readRest(of request: ReceivedRequest) -> ReceivedRequest? {
        let length = request.header("content-length").flatMap { Int($0) } ?? 0
        guard let rest = read(exactly: length - request.body.count) else { return nil }
        return ReceivedRequest(
            method: request.method, target: request.target, headers: request.headers, body: request.body + rest)
    }

    /// Sends bytes; false when the client has gone.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, sendFlags) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends text; false when the client has gone.
    @discardableResult
    package func write(_ text: String) -> Bool {
        write(Array(text.utf8))
    }

    /// Returns when the client has closed its end.
    package func waitForEnd() {
        while receive() { buffered = [] }
    }

    /// Everything until the other side closes its end.
    package func readToEnd() -> [UInt8] {
        while receive() {}
        defer { buffered = [] }
        return buffered
    }

    /// Waits, on this connection's thread.
    package static func pause(milliseconds: UInt32) {
        usleep(milliseconds * 1000)
    }

    /// Makes the coming end of the connection a reset.
    package func resetAtEnd() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Talks to a server on a port of 127.0.0.1 and closes the connection.
    package static func with<Value>(port: Int, _ body: (Connection) -> Value) throws -> Value {
        let descriptor = try connectLoopback(port: port)
        defer { close(descriptor) }
        return body(Connection(descriptor))
    }

    private func readHead() -> String? {
        while true {
            if let end = buffered.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: buffered[..<end.lowerBound], as: UTF8.self)
                buffered.removeSubrange(..<end.upperBound)
                return head
            }
            guard receive() else { return nil }
        }
    }

    private func read(exactly count: Int) -> [UInt8]? {
        while buffered.count < count {
            guard receive() else { return nil }
        }
        defer { buffered.removeFirst(count) }
        return Array(buffered.prefix(count))
    }

    private func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return false }
        buffered += chunk[..<count]
        return true
    }
}

#if canImport(Darwin)
    private let sendFlags: Int32 = 0
#else
    private let sendFlags = Int32(MSG_NOSIGNAL)
#endif

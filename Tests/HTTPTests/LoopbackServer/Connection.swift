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
    package func readRequest() -> ReceivedRequest? {
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
        guard let body = read(exactly: length) else { return nil }
        return ReceivedRequest(method: String(start[0]), target: String(start[1]), headers: headers, body: body)
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

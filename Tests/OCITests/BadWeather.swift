import LoopbackServer
import Synchronization

/// The real OCI registry, behind a proxy on loopback that breaks what it is told to break.
final class BadWeather: Sendable {
    /// What happens to one request.
    enum Fault: Sendable {
        /// The proxy answers in place of the registry.
        case status(Int, headers: [(name: String, value: String)] = [])
        /// The answer comes as a byte every tenth of a second.
        case drips
        /// The answer ends in the middle of its body, as does the connection.
        case truncated
        /// One bit of the answer's body is another.
        case altered
        /// The registry gets one other bit in the body of the request.
        case alteredUpload
        /// The connection is reset in place of an answer; the registry never hears of the request.
        case reset
        /// The connection is reset when a part of the request's body has come.
        case diesMidUpload
        /// The registry does what it is asked; its answer is lost with the connection.
        case answerLost
        /// The closure runs when the registry has answered, before the client learns of it.
        case meanwhile(@Sendable () -> Void)
    }

    /// Says what happens to a request, which comes for the given time, from 1.
    typealias Forecast = @Sendable (ReceivedRequest, Int) -> Fault?

    private final class State: Sendable {
        let upstream: Int
        let forecast = Mutex<Forecast>({ _, _ in nil })
        let seen = Mutex<[String: Int]>([:])

        init(upstream: Int) { self.upstream = upstream }
    }

    private let state: State
    private let server: LoopbackServer

    var name: String { "127.0.0.1:\(server.port)" }

    /// - Parameter upstream: the port of the real registry on loopback.
    init(upstream: Int) throws {
        let state = State(upstream: upstream)
        self.state = state
        server = try LoopbackServer { connection in
            while Self.pass(connection, state) {}
        }
    }

    func turns(_ forecast: @escaping Forecast) {
        state.seen.withLock { $0 = [:] }
        state.forecast.withLock { $0 = forecast }
    }

    /// How often requests with this method and this in their target have come since the weather turned.
    func count(_ method: String, _ part: String) -> Int {
        state.seen.withLock { seen in
            seen.filter { $0.key.hasPrefix(method + " ") && $0.key.contains(part) }.values.reduce(0, +)
        }
    }

    /// Handles one request; false when the connection is at its end.
    private static func pass(_ connection: Connection, _ state: State) -> Bool {
        // Larger bodies come in two parts, so that the first can be all that comes.
        guard let start = connection.readRequest(bodyUpTo: 1000) else { return false }
        let key = "\(start.method) \(start.path)"
        let number = state.seen.withLock { seen in
            seen[key, default: 0] += 1
            return seen[key, default: 0]
        }
        let fault = state.forecast.withLock { $0 }(start, number)
        if case .diesMidUpload = fault {
            connection.resetAtEnd()
            return false
        }
        guard let request = connection.readRest(of: start) else { return false }
        switch fault {
        case .reset:
            connection.resetAtEnd()
            return false
        case .status(let status, let headers):
            var head = "HTTP/1.1 \(status) Status\r\nContent-Length: 0\r\n"
            for header in headers { head += "\(header.name): \(header.value)\r\n" }
            return connection.write(head + "\r\n")
        default: break
        }
        let isAltered = if case .alteredUpload = fault { true } else { false }
        guard let answer = forward(request, to: state.upstream, altered: isAltered) else { return false }
        give(answer, to: connection, fault)
        // The registry was told to close, and so says its answer.
        return false
    }

    private static func forward(_ request: ReceivedRequest, to port: Int, altered: Bool) -> [UInt8]? {
        var head = "\(request.method) \(request.target) HTTP/1.1\r\nConnection: close\r\n"
        for header in request.headers where header.name != "connection" {
            head += "\(header.name): \(header.value)\r\n"
        }
        var body = request.body
        if altered, !body.isEmpty { body[body.count / 2] ^= 1 }
        return try? Connection.with(port: port) { upstream in
            upstream.write(Array((head + "\r\n").utf8) + body)
            return upstream.readToEnd()
        }
    }

    private static func give(_ answer: [UInt8], to connection: Connection, _ fault: Fault?) {
        let body = (answer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0)..<answer.count
        switch fault {
        case .drips:
            for byte in answer {
                guard connection.write([byte]) else { return }
                Connection.pause(milliseconds: 100)
            }
        case .truncated: connection.write(Array(answer[..<(body.lowerBound + body.count / 2)]))
        case .altered:
            var altered = answer
            if !body.isEmpty { altered[body.lowerBound + body.count / 2] ^= 1 }
            connection.write(altered)
        case .answerLost: connection.resetAtEnd()
        case .meanwhile(let work):
            work()
            connection.write(answer)
        default: connection.write(answer)
        }
    }
}

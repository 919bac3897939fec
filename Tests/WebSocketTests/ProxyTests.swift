import HTTP
import Synchronization
import Testing

@testable import WebSocket

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Proxies that the environment names. Each test has a process to itself, since it changes the environment.
@Suite(.tags(.medium), .timeLimit(.minutes(2))) struct ProxyTests {
    /// What became of a connection through the proxy, and what the proxy was asked.
    struct Outcome: Sendable {
        let text: String?
        let error: WebSocketError?
        let requests: [String]
    }

    /// Says hello to a server through a proxy that these variables name.
    ///
    /// - Parameters:
    ///   - login: what the proxy wants.
    ///   - userInfo: what the variables say, with `@` at its end.
    static func hello(
        _ url: String, by variables: [String], login: String = "", userInfo: String = "", noProxy: String = ""
    ) async throws -> Outcome {
        let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]
        for name in names { unsetenv(name) }
        let result = Box<Outcome>()
        try await ScriptedServer.run { peer in
            try await peer.accept(then: Peer.frame(1, Array("hello".utf8)))
            try await peer.readToEnd()
        } while: { port in
            try await CompanyNetwork.with(endingAt: port, login: login) { ways in
                for name in variables { setenv(name, "http://\(userInfo)127.0.0.1:\(ways.proxy)", 1) }
                if !noProxy.isEmpty { setenv("no_proxy", noProxy, 1) }
                let target = url.replacing("PORT", with: "\(port)")
                var limits = WebSocketLimits()
                limits.close = .zero
                do {
                    let text = try await WebSocketConnection.withConnection(
                        to: WebSocketRequest(url: target, subprotocol: "test.v1"), limits: limits,
                        through: HTTPClient(.init(certificateFile: ways.authority))
                    ) { connection in
                        var messages = connection.messages.makeAsyncIterator()
                        return try await messages.next()
                    }
                    result.set(Outcome(text: text, error: nil, requests: ways.requests))
                } catch {
                    result.set(Outcome(text: nil, error: error as? WebSocketError, requests: ways.requests))
                }
            }
        }
        return try #require(result.value)
    }

    @Test(arguments: ["http_proxy", "all_proxy", "ALL_PROXY"])
    func plainConnectionsGoThroughATunnel(variable: String) async {
        await #expect(processExitsWith: .success) { [variable] in
            let outcome = try await ProxyTests.hello("ws://processor.test/run", by: [variable])
            precondition(outcome.text == "hello" && outcome.requests == ["CONNECT processor.test:80"], "\(outcome)")
        }
    }

    @Test(arguments: ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
    func secureConnectionsGoThroughATunnel(variable: String) async {
        await #expect(processExitsWith: .success) { [variable] in
            let outcome = try await ProxyTests.hello("wss://processor.test/run", by: [variable])
            precondition(outcome.text == "hello" && outcome.requests == ["CONNECT processor.test:443"], "\(outcome)")
        }
    }

    @Test func theProxyGetsTheLoginThatTheEnvironmentHasForIt() async {
        await #expect(processExitsWith: .success) {
            let outcome = try await ProxyTests.hello(
                "wss://processor.test/run", by: ["https_proxy"], login: "user:pass", userInfo: "user:pass@")
            precondition(outcome.text == "hello", "\(outcome)")
            precondition(outcome.requests == ["CONNECT processor.test:443 Basic dXNlcjpwYXNz"], "\(outcome)")
        }
    }

    @Test(arguments: ["ws", "wss"])
    func aProxyThatRefusesIsAConnectErrorWithoutTheLogin(scheme: String) async {
        await #expect(processExitsWith: .success) { [scheme] in
            let outcome = try await ProxyTests.hello(
                "\(scheme)://processor.test/run", by: ["http_proxy", "https_proxy"], login: "user:pass",
                userInfo: "user:hunter2@")
            precondition(outcome.error?.kind == .connect, "\(outcome)")
            let message = outcome.error?.message ?? ""
            precondition(message.contains("407") && !message.contains("hunter2"), message)
        }
    }

    @Test(arguments: ["ws", "wss"])
    func whatTheEnvironmentKeepsFromTheProxyDoesNotGoThere(scheme: String) async {
        await #expect(processExitsWith: .success) { [scheme] in
            let outcome = try await ProxyTests.hello(
                "\(scheme)://processor.test/run", by: ["http_proxy", "https_proxy"],
                noProxy: "other.test,processor.test")
            precondition(outcome.error?.kind == .connect && outcome.requests.isEmpty, "\(outcome)")
        }
    }

    @Test func loopbackIsNeverAskedForThroughAProxy() async {
        await #expect(processExitsWith: .success) {
            let outcome = try await ProxyTests.hello("ws://127.0.0.1:PORT/run", by: ["http_proxy", "all_proxy"])
            precondition(outcome.text == "hello" && outcome.requests.isEmpty, "\(outcome)")
        }
    }
}

/// A value that a closure leaves.
private final class Box<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)
    var value: Value? { content.withLock { $0 } }
    func set(_ value: Value) { content.withLock { $0 = value } }
}

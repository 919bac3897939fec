import Testing

@testable import WebSocket

@Suite(.tags(.small)) struct WebSocketRequestTests {
    static let addresses: [(String, String, Int, String, String)] = [
        ("ws://127.0.0.1:8000/run", "127.0.0.1", 8000, "/run", "127.0.0.1:8000"),
        ("ws://example.com", "example.com", 80, "/", "example.com"),
        ("ws://example.com:80/a?b=c", "example.com", 80, "/a?b=c", "example.com"),
        ("ws://example.com?b=c", "example.com", 80, "/?b=c", "example.com"),
        ("ws://[::1]:9/x", "::1", 9, "/x", "[::1]:9"),
        ("ws://[::1]/x", "::1", 80, "/x", "[::1]"),
        ("wss://example.com/run", "example.com", 443, "/run", "example.com"),
    ]

    @Test(arguments: addresses)
    func takesAURLApart(url: String, host: String, port: Int, target: String, authority: String) throws {
        let request = try WebSocketRequest(url: url, subprotocol: "p")
        #expect(request.host == host)
        #expect(request.port == port)
        #expect(request.target == target)
        #expect(request.authority == authority)
        #expect(request.isSecure == url.hasPrefix("wss"))
    }

    @Test(arguments: [
        "", "http://a/", "WS://a/", "ws://", "ws:///x", "ws://a:/x", "ws://a:0/", "ws://a:65536/", "ws://a:x/",
        "ws://a b/", "ws://a/x y", "ws://a/x\r\nX: y", "ws://a/é", "ws://a/#f", "ws://user@a/", "ws://[::1/x",
        "ws://[x]/", "ws://a\r\n/",
    ])
    func refusesAnyOtherText(url: String) {
        #expect { try WebSocketRequest(url: url, subprotocol: "p") } throws: {
            ($0 as? WebSocketError)?.kind == .connect
        }
    }

    @Test(arguments: [
        ("p", ["X": "a\r\nY: b"]), ("p", ["X Y": "a"]), ("p", ["": "a"]), ("p q", [:]), ("", [:]), ("p\r\n", [:]),
    ])
    func refusesHeadersThatWouldBreakOut(subprotocol: String, headers: [String: String]) {
        #expect {
            try WebSocketRequest(url: "ws://a/", subprotocol: subprotocol, headers: headers)
        } throws: {
            ($0 as? WebSocketError)?.kind == .connect
        }
    }

    @Test func originLeavesTheQueryOut() throws {
        let request = try WebSocketRequest(url: "ws://a:1/x?token=secret", subprotocol: "p")
        #expect(request.origin == "ws://a:1/x")
    }
}

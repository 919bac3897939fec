import Testing

@testable import HTTP

@Suite("URLs", .tags(.small))
struct HTTPURLTests {
    @Test(
        "What is no absolute http(s) URL is refused",
        arguments: [
            "", "relative/path", "/v2/", "file:///etc/passwd", "ftp://host/", "http://", "http://a b/",
            "http://a\u{0}b/",
        ])
    func refused(text: String) {
        #expect(throws: HTTPError.self) { try HTTPURL(text) }
    }

    @Test(
        "References resolve as RFC 3986 says",
        arguments: [
            ("/v2/x?n=1", "http://host:5000/v2/x?n=1"), ("b", "http://host:5000/v2/b"), ("../b", "http://host:5000/b"),
            ("//other/c", "http://other/c"), ("https://other/c#f", "https://other/c"),
            ("?n=2", "http://host:5000/v2/a?n=2"),
        ])
    func resolving(reference: String, expected: String) throws {
        #expect(try HTTPURL("http://host:5000/v2/a").resolving(reference).string == expected)
    }

    @Test("A redirect can't reach other protocols")
    func otherProtocol() throws {
        let url = try HTTPURL("http://host/")
        #expect(throws: HTTPError.self) { try url.resolving("file:///etc/passwd") }
    }

    @Test("Messages show neither user information nor query nor fragment")
    func redacted() throws {
        let url = try HTTPURL("https://user:secret@Host.example:8443/v2/a?X-Signature=secret#secret")
        #expect(url.redacted == "https://host.example:8443/v2/a")
        #expect(url.hasUserInformation)
    }

    @Test("A query escapes what could end it")
    func query() {
        #expect(HTTPURL.query([("a b", "x&y=z"), ("ü", "~-._")]) == "a%20b=x%26y%3Dz&%C3%BC=~-._")
    }

    @Test("The origin has the scheme's own port")
    func origin() throws {
        #expect(try HTTPURL("https://host/").origin == HTTPURL("https://HOST:443/other").origin)
        #expect(try HTTPURL("https://host/").origin != HTTPURL("http://host/").origin)
    }

    @Test(
        "Loopback hosts are known by name and by number",
        arguments: [
            ("http://localhost:5000/", true), ("http://127.0.0.1/", true), ("http://127.9.9.9/", true),
            ("http://[::1]:5000/", true), ("http://127.0.0.1.example.org/", false),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false), ("http://127.example/", false),
        ])
    func loopback(text: String, expected: Bool) throws {
        #expect(try HTTPURL(text).origin.isLoopback == expected)
    }
}

import Testing

@testable import HTTP

@Suite("Header fields", .tags(.small))
struct HTTPHeadersTests {
    @Test("Names compare without case, values keep their order")
    func names() {
        var headers: HTTPHeaders = ["Link": "a", "Content-Type": "text/plain"]
        headers.add("link", "b")
        #expect(headers["LINK"] == "a")
        #expect(headers.values("Link") == ["a", "b"])
        headers["LINK"] = "c"
        #expect(headers.values("link") == ["c"])
        #expect(headers.removing(["content-type"]).fields.map(\.name) == ["LINK"])
    }

    @Test(
        "A field that could smuggle another line is found",
        arguments: [("X-A", "1\r\nX-B: 2"), ("X-A", "1\u{0}"), ("X A", "1"), ("", "1"), ("X:A", "1"), ("Ä", "1")])
    func malformed(name: String, value: String) {
        #expect(HTTPHeaders(dictionaryLiteral: ("Fine", "1"), (name, value)).firstMalformed?.name == name)
    }

    @Test("Ordinary fields are well-formed")
    func wellFormed() {
        #expect((["Accept": "a/b; q=0.1, */*", "X-Empty": "", "X-Text": "grüße"] as HTTPHeaders).firstMalformed == nil)
    }

    @Test("The head of an answer is that of the final status, without interim answers and trailers")
    func head() throws {
        var parser = HeadParser()
        var heads: [Exchange.Head] = []
        for line in [
            "HTTP/1.1 100 Continue\r\n", "X-Interim: 1\r\n", "\r\n", "HTTP/1.1 404 Not Found\r\n", "A:  b : c \r\n",
            "Empty:\r\n", "\r\n", "Trailer: 1\r\n", "\r\n",
        ] {
            if let head = parser.receive(line) { heads.append(head) }
        }
        let head = try #require(heads.first)
        #expect(heads.count == 1)
        #expect(head.status == 404)
        #expect(head.headers == ["A": "b : c", "Empty": ""])
    }
}

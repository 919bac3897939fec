/// What a loopback server answers.
package struct Reply: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(_ status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(_ status: Int = 200, headers: [(name: String, value: String)] = [], _ text: String) {
        self.init(status, headers: headers, body: Array(text.utf8))
    }

    package init(_ text: String) {
        self.init(200, text)
    }

    /// The bytes on the wire; an answer to HEAD announces the length and leaves the body out.
    func serialized(toHead: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) Status\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        if !headers.contains(where: { $0.name.lowercased() == "content-length" }), status != 204 {
            head += "Content-Length: \(body.count)\r\n"
        }
        return Array((head + "\r\n").utf8) + (toHead ? [] : body)
    }
}

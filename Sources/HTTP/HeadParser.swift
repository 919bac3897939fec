/// Makes the head of the final answer out of header lines; interim answers (1xx) and trailers are left out.
struct HeadParser {
    private var status: Int?
    private var headers = HTTPHeaders()
    private var isDone = false

    /// Takes one line, line end included.
    ///
    /// - Returns: status and headers with the empty line that ends the final head.
    mutating func receive(_ line: some StringProtocol) -> Exchange.Head? {
        guard !isDone else { return nil }
        let text = trimmed(line)
        if text.hasPrefix("HTTP/") {
            status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0.prefix(3)) }
            headers = HTTPHeaders()
            return nil
        }
        guard !text.isEmpty else { return end() }
        if let colon = text.firstIndex(of: ":") {
            headers.add(String(text[..<colon]), trimmed(text[text.index(after: colon)...]))
        }
        return nil
    }

    private mutating func end() -> Exchange.Head? {
        guard let status, status >= 200 else { return nil }
        isDone = true
        return (status, headers)
    }

    private func trimmed(_ text: some StringProtocol) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }
}

/// Reads the most frequent frame of a run without building a JSON value: `{"kind":"Token","content":{"text":"…"}}`, with or
/// without the spaces that Python's `json` writes.
///
/// It takes nothing that the JSON reader would refuse or read otherwise, and leaves everything else to it.
enum PlainToken {
    private static let heads = [
        Array(#"{"kind":"Token","content":{"text":""#.utf8), Array(#"{"kind": "Token", "content": {"text": ""#.utf8),
    ]
    private static let tail = Array(#""}}"#.utf8)

    /// The token; `nil` for any other frame, and for a token in any other spelling.
    static func text(in message: String) -> String? {
        var message = message
        return message.withUTF8 { bytes in
            guard let head = heads.first(where: { bytes.starts(with: $0) }) else { return nil }
            let end = bytes.count - tail.count
            guard end >= head.count, bytes[end...].elementsEqual(tail) else { return nil }
            let text = UnsafeBufferPointer(rebasing: bytes[head.count..<end])
            return isPlain(text) ? String(decoding: text, as: UTF8.self) : nil
        }
    }

    /// Claims that the bytes stand for themselves in a JSON string.
    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in bytes where byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return false }
        return true
    }
}

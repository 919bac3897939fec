/// Cuts what a tool writes to stderr into lines, as many as anybody can want.
struct LogLines: Sendable {
    /// How many of the last lines are kept for messages.
    static let kept = 20

    private let lineLimit: Int
    private var room: Int
    private var pending: [UInt8] = []
    private(set) var last: [String] = []

    /// - Parameters:
    ///   - lineLimit: a longer line is cut here, in bytes.
    ///   - limit: after so many bytes the rest is left out.
    init(lineLimit: Int, limit: Int) {
        self.lineLimit = lineLimit
        room = limit
    }

    /// Takes a piece; gives the lines that it completed.
    mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || pending.count >= lineLimit { lines += end() }
            if byte != UInt8(ascii: "\n") { pending.append(byte) }
        }
        return lines
    }

    /// The last line, when no line end followed it.
    mutating func finish() -> [String] { end() }

    private mutating func end() -> [String] {
        defer { pending.removeAll(keepingCapacity: true) }
        if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
        guard !pending.isEmpty else { return [] }
        let text = String(decoding: pending, as: UTF8.self)
        if last.count == Self.kept { last.removeFirst() }
        last.append(text)
        guard room > 0 else { return [] }
        room -= pending.count
        return room > 0 ? [text] : [text, "… the log goes on and is left out"]
    }
}

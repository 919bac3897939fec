/// Cuts bytes that come in pieces into lines; LF, CR LF and CR end a line, empty lines are left out.
struct LineSplitter {
    /// A line longer than this is cut here, so that no sender can fill the memory.
    static let limit = 1 << 20

    private var pending: [UInt8] = []

    /// Takes a piece; gives the lines that it completed.
    mutating func receive(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || pending.count >= Self.limit {
                if !pending.isEmpty { lines.append(pending) }
                pending = []
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { continue }
            }
            pending.append(byte)
        }
        return lines
    }

    /// The last line, when no line end followed it.
    mutating func finish() -> [UInt8]? {
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }
}

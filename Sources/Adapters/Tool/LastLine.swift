/// Keeps the last line of a stream that is not empty, and nothing else of it, however much comes.
struct LastLine: Sendable {
    private let limit: Int
    private var line: [UInt8] = []
    private var pending: [UInt8] = []
    private var isPendingTooLong = false
    private var isTooLong = false

    init(limit: Int) {
        self.limit = limit
    }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if piece.offset > 0 { end() }
            let room = limit - pending.count
            if piece.element.count > room { isPendingTooLong = true }
            pending += piece.element.prefix(room)
        }
    }

    /// The line without white space around it; `nil` where there was none.
    var bytes: [UInt8]? {
        var copy = self
        copy.end()
        return copy.line.isEmpty ? nil : copy.line
    }

    /// Claims that the line is longer than what was kept of it.
    var isCut: Bool {
        var copy = self
        copy.end()
        return copy.isTooLong
    }

    private mutating func end() {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }
        let start = pending.firstIndex { !isSpace($0) }
        if let start, let stop = pending.lastIndex(where: { !isSpace($0) }) {
            line = Array(pending[start...stop])
            isTooLong = isPendingTooLong
        }
        pending.removeAll(keepingCapacity: true)
        isPendingTooLong = false
    }
}

/// One event of an event stream.
package struct ServerSentEvent: Hashable, Sendable {
    /// `message` where the stream says nothing else.
    package let type: String
    package let data: String
    /// The id that a reconnecting client would send; `""` before there is one.
    package let lastEventID: String
}

/// More bytes in one event than the parser was willing to hold.
package struct EventTooLarge: Error, Hashable, Sendable {
    package let limit: Int
}

/// Reads `text/event-stream` exactly as WHATWG's HTML standard says (section 9.2.6), in pieces of any size.
///
/// An event that no empty line ends is not dispatched: at the end of the stream it is discarded.
package struct EventStreamParser: Sendable {
    /// The most bytes that an unfinished line, or the data of an unfinished event, may have.
    private let limit: Int
    /// The start of a line that goes on in the next piece.
    private var line: [UInt8] = []
    private var isAtStart = true
    /// The last byte was a CR: an LF that follows belongs to it.
    private var skipsLineFeed = false

    /// The data so far, each of its lines with an LF.
    private var data: [UInt8] = []
    private var eventType = ""
    private var idOfEvent = ""

    package init(limit: Int = 8 << 20) {
        self.limit = limit
    }

    /// Takes the next bytes and gives the events that they complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(EventTooLarge) -> [ServerSentEvent] {
        // Typed errors do not pass through the standard library's closures.
        let result = bytes.withContiguousStorageIfAvailable { self.take(piece: $0) }
        return try (result ?? Array(bytes).withUnsafeBufferPointer { self.take(piece: $0) }).get()
    }

    private typealias Piece = UnsafeBufferPointer<UInt8>

    private mutating func take(piece: Piece) -> Result<[ServerSentEvent], EventTooLarge> {
        var events: [ServerSentEvent] = []
        var start = 0
        if skipsLineFeed, !piece.isEmpty {
            skipsLineFeed = false
            if piece[0] == UInt8(ascii: "\n") { start = 1 }
        }
        while let end = Self.lineEnd(in: piece, from: start) {
            let part = Piece(rebasing: piece[start..<end])
            guard line.count + part.count <= limit else { return .failure(EventTooLarge(limit: limit)) }
            if line.isEmpty {
                takeLine(part, &events)
            } else {
                line += part
                let whole = line
                whole.withUnsafeBufferPointer { takeLine($0, &events) }
                line.removeAll()
            }
            guard data.count <= limit else { return .failure(EventTooLarge(limit: limit)) }
            start = end + 1
            guard piece[end] == UInt8(ascii: "\r") else { continue }
            if start == piece.count {
                skipsLineFeed = true
            } else if piece[start] == UInt8(ascii: "\n") {
                start += 1
            }
        }
        line += piece[start...]
        return line.count <= limit ? .success(events) : .failure(EventTooLarge(limit: limit))
    }

    private static func lineEnd(in piece: Piece, from start: Int) -> Int? {
        var index = start
        while index < piece.count {
            if piece[index] == UInt8(ascii: "\n") || piece[index] == UInt8(ascii: "\r") { return index }
            index += 1
        }
        return nil
    }

    private mutating func takeLine(_ whole: Piece, _ events: inout [ServerSentEvent]) {
        var line = whole
        if isAtStart {
            isAtStart = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = Piece(rebasing: line.dropFirst(3)) }
        }
        if line.isEmpty {
            if let event = dispatch() { events.append(event) }
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            return takeField(line[...], line[line.endIndex...])
        }
        var value = line[(colon + 1)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        takeField(line[..<colon], value)
    }

    /// A comment is a field without a name, and so ignored with all unknown ones.
    private mutating func takeField(_ name: Slice<Piece>, _ value: Slice<Piece>) {
        if name.elementsEqual("data".utf8) {
            data += value
            data.append(UInt8(ascii: "\n"))
        } else if name.elementsEqual("event".utf8) {
            eventType = String(decoding: value, as: UTF8.self)
        } else if name.elementsEqual("id".utf8), !value.contains(0) {
            idOfEvent = String(decoding: value, as: UTF8.self)
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: true)
            eventType = ""
        }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(
            type: eventType.isEmpty ? "message" : eventType, data: String(decoding: data.dropLast(), as: UTF8.self),
            lastEventID: idOfEvent)
    }
}

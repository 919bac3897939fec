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
    private var line: [UInt8] = []
    private var isAtStart = true
    /// The last byte was a CR: an LF that follows belongs to it.
    private var skipsLineFeed = false

    private var data = ""
    private var eventType = ""
    private var idOfEvent = ""

    package init(limit: Int = 8 << 20) {
        self.limit = limit
    }

    /// Takes the next bytes and gives the events that they complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(EventTooLarge) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            if skipsLineFeed {
                skipsLineFeed = false
                if byte == UInt8(ascii: "\n") { continue }
            }
            switch byte {
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                skipsLineFeed = byte == UInt8(ascii: "\r")
                if let event = try endLine() { events.append(event) }
            default:
                line.append(byte)
                guard line.count <= limit else { throw EventTooLarge(limit: limit) }
            }
        }
        return events
    }

    private mutating func endLine() throws(EventTooLarge) -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        var bytes = line[...]
        if isAtStart {
            isAtStart = false
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        }
        if bytes.isEmpty { return dispatch() }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            try takeField(bytes, [])
            return nil
        }
        var value = bytes[(colon + 1)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        try takeField(bytes[..<colon], value)
        return nil
    }

    /// A comment is a field without a name, and so ignored with all unknown ones.
    private mutating func takeField(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(EventTooLarge) {
        if name.elementsEqual("data".utf8) {
            data += String(decoding: value, as: UTF8.self) + "\n"
            guard data.utf8.count <= limit else { throw EventTooLarge(limit: limit) }
        } else if name.elementsEqual("event".utf8) {
            eventType = String(decoding: value, as: UTF8.self)
        } else if name.elementsEqual("id".utf8), !value.contains(0) {
            idOfEvent = String(decoding: value, as: UTF8.self)
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            data = ""
            eventType = ""
        }
        guard !data.isEmpty else { return nil }
        data.unicodeScalars.removeLast()
        return ServerSentEvent(
            type: eventType.isEmpty ? "message" : eventType, data: data, lastEventID: idOfEvent)
    }
}

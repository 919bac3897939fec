/// Takes values up again that a `ByteWriter` wrote.
///
/// It may be inlined, and so specialised, elsewhere: a plan of thousands of processors takes up a million of values.
package struct ByteReader {
    /// The bytes are not those of a writer.
    package struct Malformed: Error {
        @inlinable package init() {}
    }

    @usableFromInline let bytes: [UInt8]
    @usableFromInline var position: Int
    @usableFromInline var end: Int

    package init(_ bytes: [UInt8]) { self.init(bytes, upTo: bytes.count) }

    init(_ bytes: [UInt8], upTo end: Int) {
        self.bytes = bytes
        position = 0
        self.end = end
    }

    package var isAtEnd: Bool { position == end }

    @inlinable package mutating func number() throws(Malformed) -> Int {
        var (value, shift): (UInt, UInt) = (0, 0)
        while position < end {
            let byte = bytes[position]
            position += 1
            guard shift < 63 else { throw Malformed() }
            value |= UInt(byte & 0x7F) << shift
            if byte < 0x80 { return Int(bitPattern: value) }
            shift += 7
        }
        throw Malformed()
    }

    @inlinable package mutating func bits() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for byte in try raw(8).reversed() { value = value << 8 | UInt64(byte) }
        return value
    }

    @inlinable package mutating func bool() throws(Malformed) -> Bool {
        switch try number() {
        case 0: return false
        case 1: return true
        default: throw Malformed()
        }
    }

    @inlinable package mutating func text() throws(Malformed) -> String {
        String(decoding: try raw(try number()), as: UTF8.self)
    }

    @inlinable package mutating func raw(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard count >= 0, count <= end - position else { throw Malformed() }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// What `ByteWriter.part` wrote, for later.
    @inlinable package mutating func part() throws(Malformed) -> ByteReader {
        let count = try number()
        guard count >= 0, count <= end - position else { throw Malformed() }
        defer { position += count }
        var part = self
        part.end = position + count
        return part
    }

    @inlinable @inline(__always) package mutating func optional<Value>(
        _ body: (inout ByteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value? {
        try bool() ? try body(&self) : nil
    }

    /// How many elements of a list follow.
    @inlinable package mutating func count() throws(Malformed) -> Int {
        let count = try number()
        // Each element has a byte at least.
        guard count >= 0, count <= end - position else { throw Malformed() }
        return count
    }

    @inlinable @inline(__always) package mutating func list<Value>(
        _ body: (inout ByteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> [Value] {
        let count = try count()
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try body(&self)) }
        return values
    }
}

/// Takes values up again that a `ByteWriter` wrote.
struct ByteReader {
    /// The bytes are not those of a writer.
    struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number() throws(Malformed) -> Int {
        var (value, shift): (UInt, UInt) = (0, 0)
        while let byte = rest.popFirst() {
            guard shift < 63 else { throw Malformed() }
            value |= UInt(byte & 0x7F) << shift
            if byte < 0x80 { return Int(bitPattern: value) }
            shift += 7
        }
        throw Malformed()
    }

    mutating func text() throws(Malformed) -> String {
        String(decoding: try raw(try number()), as: UTF8.self)
    }

    mutating func raw(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func optional<Value>(
        _ body: (inout ByteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value? {
        try number() == 0 ? nil : try body(&self)
    }

    mutating func list<Value>(_ body: (inout ByteReader) throws(Malformed) -> Value) throws(Malformed) -> [Value] {
        let count = try number()
        // Each element has a byte at least.
        guard count >= 0, count <= rest.count else { throw Malformed() }
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try body(&self)) }
        return values
    }
}

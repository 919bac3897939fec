/// Writes values one after the other, for a `ByteReader` to take them up again.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Seven bits a byte, the lowest first. Not for negative numbers.
    package mutating func put(_ number: Int) {
        var rest = UInt(number)
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// All 64 bits, the lowest byte first.
    package mutating func put(bits: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    }

    package mutating func put(_ isTrue: Bool) { bytes.append(isTrue ? 1 : 0) }

    package mutating func put(_ text: String) {
        put(text.utf8.count)
        bytes += text.utf8
    }

    /// Bytes whose number the reader knows.
    package mutating func put(raw: some Collection<UInt8>) { bytes += raw }

    /// Something that can be taken up by itself, later.
    package mutating func part(_ body: (inout ByteWriter) -> Void) {
        var part = ByteWriter()
        body(&part)
        put(part.bytes.count)
        bytes += part.bytes
    }

    package mutating func put<Value>(_ value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        put(value != nil)
        if let value { body(&self, value) }
    }

    package mutating func put<Values: Collection>(_ values: Values, _ body: (inout ByteWriter, Values.Element) -> Void)
    {
        put(values.count)
        for value in values { body(&self, value) }
    }
}

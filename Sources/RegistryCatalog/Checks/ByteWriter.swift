/// Writes values one after the other, for a `ByteReader` to take them up again.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    /// Seven bits a byte, the lowest first. Not for negative numbers.
    mutating func put(_ number: Int) {
        var rest = UInt(number)
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(_ text: String) {
        put(text.utf8.count)
        bytes += text.utf8
    }

    /// Bytes whose number the reader knows.
    mutating func put(raw: some Collection<UInt8>) { bytes += raw }

    mutating func put<Value>(_ value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        put(value == nil ? 0 : 1)
        if let value { body(&self, value) }
    }

    mutating func put<Values: Collection>(_ values: Values, _ body: (inout ByteWriter, Values.Element) -> Void) {
        put(values.count)
        for value in values { body(&self, value) }
    }
}

/// Turns libyaml's marks, which count characters, into byte offsets.
struct OffsetTable {
    /// The byte offset of each character, `nil` for ASCII where both are the same.
    private let offsets: [Int32]?
    let start: Int

    /// - Parameter start: the byte that the first character is counted from.
    init(_ bytes: UnsafeBufferPointer<UInt8>, start: Int) {
        self.start = start
        if unsafe bytes.allSatisfy({ $0 < 0x80 }) {
            offsets = nil
            return
        }
        var offsets: [Int32] = []
        offsets.reserveCapacity(bytes.count + 1)
        for index in bytes.indices where unsafe bytes[index] & 0xC0 != 0x80 { offsets.append(Int32(index)) }
        offsets.append(Int32(bytes.count))
        self.offsets = offsets
    }

    func offset(ofCharacter index: Int) -> Int {
        guard let offsets else { return start + index }
        return start + Int(offsets[min(index, offsets.count - 1)])
    }
}

import CGit2

/// The name of a git object: 40 lower-case hexadecimal digits (SHA-1 repositories).
///
/// Its 20 bytes lie in the value itself: a listing holds one for each file of a tree.
package struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt32

    /// Reads a full object name; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let isHex = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard text.utf8.count == 40, isHex else { return nil }
        var oid = git_oid()
        guard unsafe git_oid_fromstr(&oid, String(text)) == 0 else { return nil }
        self.init(oid)
    }

    init(_ oid: git_oid) {
        (first, second, third) = unsafe withUnsafeBytes(of: oid.id) { bytes in
            unsafe (
                bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
            )
        }
    }

    /// Reads the 20 bytes of a name; `nil` for another number of them.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        var oid = git_oid()
        unsafe withUnsafeMutableBytes(of: &oid.id) { unsafe $0.copyBytes(from: bytes) }
        self.init(oid)
    }

    var oid: git_oid {
        var oid = git_oid()
        unsafe withUnsafeMutableBytes(of: &oid.id) { bytes in
            unsafe bytes.storeBytes(of: first, as: UInt64.self)
            unsafe bytes.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
            unsafe bytes.storeBytes(of: third, toByteOffset: 16, as: UInt32.self)
        }
        return oid
    }

    package var bytes: [UInt8] {
        let oid = oid
        return unsafe withUnsafeBytes(of: oid.id) { unsafe Array($0) }
    }

    package var hex: String {
        var oid = oid
        return unsafe String(unsafeUninitializedCapacity: 40) { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { _ = unsafe git_oid_fmt($0.baseAddress, &oid) }
            return 40
        }
    }

    package var description: String { hex }

    /// The first seven digits, as git shows them.
    package var short: String { String(hex.prefix(7)) }
}

import CGit2

/// The name of a git object: 40 lower-case hexadecimal digits (SHA-1 repositories).
package struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    package let hex: String

    /// Reads a full object name; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let isHex = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard text.utf8.count == 40, isHex else { return nil }
        hex = String(text)
    }

    init(_ oid: git_oid) {
        var oid = oid
        hex = unsafe String(unsafeUninitializedCapacity: 40) { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { _ = unsafe git_oid_fmt($0.baseAddress, &oid) }
            return 40
        }
    }

    var oid: git_oid {
        var oid = git_oid()
        _ = unsafe git_oid_fromstr(&oid, hex)
        return oid
    }

    package var description: String { hex }

    /// The first seven digits, as git shows them.
    package var short: String { String(hex.prefix(7)) }
}

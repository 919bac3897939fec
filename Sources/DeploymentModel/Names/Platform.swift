/// A platform that an image is built for. Both are Linux.
package enum Platform: String, Hashable, Sendable, CaseIterable, Comparable {
    case amd64
    case arm64

    /// Reads the spellings that people and tools use: `amd64`, `linux/amd64`, `x86_64`, `aarch64`, …
    ///
    /// - Throws: `GrammarError` for any other platform.
    package init(_ text: String) throws(GrammarError) {
        switch text.lowercased() {
        case "amd64", "linux/amd64", "x86_64", "linux/x86_64": self = .amd64
        case "arm64", "linux/arm64", "aarch64", "linux/aarch64", "linux/arm64/v8": self = .arm64
        default:
            throw GrammarError(
                expected: "platform", text: text, rule: "Pinion knows amd64 (linux/amd64) and arm64 (linux/arm64)")
        }
    }

    /// As OCI and Docker write it: `linux/amd64`.
    package var oci: String { "linux/\(rawValue)" }

    /// The architecture that this process runs on.
    package static var host: Platform {
        #if arch(arm64)
            .arm64
        #else
            .amd64
        #endif
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Platform: Codable, CodingKeyRepresentable, CustomStringConvertible {
    package var description: String { rawValue }
}

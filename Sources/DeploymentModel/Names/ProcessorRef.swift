/// The name of one published version of a processor: `ns/name@ver`, for example `llm/litellm@1`.
///
/// ASCII only; ns and name are `[a-z0-9][a-z0-9_-]*`, ver is a decimal of at least 1 without leading zeros.
package struct ProcessorRef: Hashable, Sendable {
    package let namespace: String
    package let name: String
    package let version: Int

    /// - Throws: `GrammarError` that names the broken rule.
    package init(_ text: String) throws(GrammarError) {
        func refuse(_ rule: String) -> GrammarError {
            GrammarError(expected: "processor ref (ns/name@ver)", text: text, rule: rule)
        }
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { throw refuse("it has exactly one '/'") }
        let parts = halves[1].split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw refuse("a version follows the name after one '@'") }
        for (part, what) in [(halves[0], "the namespace"), (parts[0], "the name")] where !Self.isWord(part) {
            throw refuse("\(what) is lower-case letters, digits, '_' and '-' and starts with a letter or a digit")
        }
        guard let version = Self.version(parts[1]) else {
            throw refuse("the version is a decimal of at least 1 without leading zeros")
        }
        self.namespace = String(halves[0])
        self.name = String(parts[0])
        self.version = version
    }

    private static func isWord(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "_"), first != UInt8(ascii: "-") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }

    private static func version(_ text: Substring) -> Int? {
        guard let first = text.utf8.first, first != UInt8(ascii: "0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// `<ns>_<name>` with every `-` turned into `_`: `llm_litellm`.
    package var slug: String { "\(namespace)_\(name)".replacing("-", with: "_") }

    /// The Modal function: `exec__llm_litellm__v1`.
    package var functionName: String { "exec__\(slug)__v\(version)" }

    /// The part of app and container names: `llm-litellm-v1`.
    package var refSlug: String { "\(namespace)-\(name)-v\(version)".replacing("_", with: "-") }

    /// The last path component of the image repository, shared by all versions: `llm-litellm`.
    package var repositoryName: String { "\(namespace)-\(name)" }
}

extension ProcessorRef: CustomStringConvertible {
    package var description: String { "\(namespace)/\(name)@\(version)" }
}

extension ProcessorRef: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name, left.version) < (right.namespace, right.name, right.version)
    }
}

extension ProcessorRef: TextCodable {}

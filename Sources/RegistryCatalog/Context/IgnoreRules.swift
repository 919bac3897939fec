/// The rules of a `.dockerignore` file, as Docker matches them: the last rule that fits decides, `!` takes back, and a rule
/// that fits a folder fits all below it.
package struct IgnoreRules: Hashable, Sendable {
    private struct Rule: Hashable, Sendable {
        let pattern: [Token]
        let isException: Bool
    }

    private enum Token: Hashable, Sendable {
        case literal(Unicode.Scalar)
        /// `?`: one character but `/`.
        case one
        /// `*`: any characters but `/`.
        case many
        /// `**` at the end: anything.
        case all
        /// `**/`: any number of folders, also none.
        case folders
        /// `[a-z]`, `[^a-z]`.
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    private var rules: [Rule] = []

    package init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            var pattern = line.trimming(while: { $0 == " " || $0 == "\t" || $0 == "\u{FEFF}" })
            guard !line.hasPrefix("#"), !pattern.isEmpty else { continue }
            let isException = pattern.hasPrefix("!")
            if isException { pattern = pattern.dropFirst().trimming(while: { $0 == " " || $0 == "\t" }) }
            guard let cleaned = Self.clean(pattern) else { continue }
            rules.append(Rule(pattern: Self.tokens(cleaned), isException: isException))
        }
    }

    /// Claims that the file at this path, relative to the context, is kept out of the context.
    package func excludes(_ path: String) -> Bool {
        guard !rules.isEmpty else { return false }
        let parts = path.split(separator: "/")
        let candidates = (1...max(1, parts.count)).map { Array(parts.prefix($0).joined(separator: "/").unicodeScalars) }
        var isExcluded = false
        for rule in rules where rule.isException == isExcluded {
            if candidates.contains(where: { Self.matches($0[...], rule.pattern[...]) }) { isExcluded.toggle() }
        }
        return isExcluded
    }

    /// As Go's `filepath.Clean`, without the leading slash; `nil` for a pattern that names nothing.
    private static func clean(_ pattern: Substring) -> String? {
        var parts: [Substring] = []
        for part in pattern.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        let result = parts.joined(separator: "/")
        return result.isEmpty ? nil : result
    }

    private static func tokens(_ pattern: String) -> [Token] {
        var tokens: [Token] = []
        var rest = Array(pattern.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*" where rest.first == "*":
                rest.removeFirst()
                if rest.first == "/" {
                    rest.removeFirst()
                    tokens.append(.folders)
                } else {
                    tokens.append(rest.isEmpty ? .all : .folders)
                }
            case "*": tokens.append(.many)
            case "?": tokens.append(.one)
            case "\\": tokens.append(.literal(rest.popFirst() ?? scalar))
            case "[": tokens.append(set(&rest) ?? .literal(scalar))
            default: tokens.append(.literal(scalar))
            }
        }
        return tokens
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Token? {
        guard let close = rest.firstIndex(of: "]") else { return nil }
        var body = rest[rest.startIndex..<close]
        rest = rest[(close + 1)...]
        let isNegated = body.first == "^"
        if isNegated { body.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let low = body.popFirst() {
            if body.first == "-", body.count > 1 {
                body.removeFirst()
                let high = body.removeFirst()
                if low <= high { ranges.append(low...high) }
            } else {
                ranges.append(low...low)
            }
        }
        return .set(ranges, isNegated: isNegated)
    }

    private static func matches(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Token>) -> Bool {
        var text = text
        var pattern = pattern
        while let token = pattern.popFirst() {
            switch token {
            case .literal(let scalar):
                guard text.popFirst() == scalar else { return false }
            case .one:
                guard let scalar = text.popFirst(), scalar != "/" else { return false }
            case .set(let ranges, let isNegated):
                guard let scalar = text.popFirst(), ranges.contains(where: { $0.contains(scalar) }) != isNegated
                else { return false }
            case .all: return true
            case .many:
                while true {
                    if matches(text, pattern) { return true }
                    guard let scalar = text.popFirst(), scalar != "/" else { return false }
                }
            case .folders:
                while true {
                    if matches(text, pattern) { return true }
                    guard let slash = text.firstIndex(of: "/") else { return false }
                    text = text[(slash + 1)...]
                }
            }
        }
        return text.isEmpty
    }
}

extension Substring {
    fileprivate func trimming(while predicate: (Character) -> Bool) -> Substring {
        var result = drop(while: predicate)
        while let last = result.last, predicate(last) { result.removeLast() }
        return result
    }
}

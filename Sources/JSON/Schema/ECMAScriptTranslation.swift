/// Writes a regular expression of ECMA-262 in the syntax of Swift's `Regex`.
///
/// The grammar is that of the `u` flag, with what Annex B adds where people rely on it: a `\` before any character that
/// is no letter or digit, and `]`, `{` and `}` as they are. Everything that the two syntaxes could read in different
/// ways is written out: characters that aren't letters or digits by number, classes by their members. Not translated:
/// look-behind, which `Regex` lacks, and inline flags. One difference stays: a reference to a group that took no part
/// matches nothing here and the empty text there.
struct ECMAScriptTranslation {
    /// Of groups in groups. Bounds the stack.
    private static let depthLimit = 64

    let scalars: [Unicode.Scalar]
    var position = 0
    var output = ""
    private var groupNames: [String?] = []
    private var depth = 0

    init(_ source: String) {
        scalars = Array(source.unicodeScalars)
    }

    mutating func translate() throws(SchemaPattern.Failure) -> String {
        findGroups()
        try translateAlternatives()
        guard next == nil else { throw failure("a ')' has no '('") }
        return output
    }

    private mutating func translateAlternatives() throws(SchemaPattern.Failure) {
        while let scalar = next, scalar != ")" {
            position += 1
            switch scalar {
            case "|": output += "|"
            case "^": output += "\\A"
            case "$": output += "\\z"
            case "(": try translateGroup()
            case "\\" where skip("b"): output += "\\b"
            case "\\" where skip("B"): output += "\\B"
            case "*", "+", "?": throw failure("nothing stands before a '\(scalar)'")
            case "{" where quantifierEnd(from: position - 1) != nil: throw failure("nothing stands before a '{'")
            default:
                try translateAtom(scalar)
                try translateQuantifier()
            }
        }
    }

    private mutating func translateAtom(_ scalar: Unicode.Scalar) throws(SchemaPattern.Failure) {
        switch scalar {
        case ".": output += "[^\\u{A}\\u{D}\\u{2028}\\u{2029}]"
        case "[": try translateClass()
        case "\\": try translateEscape()
        default: output += Self.literal(scalar)
        }
    }

    /// `*`, `{2,3}`, `+?` and the like, or nothing.
    private mutating func translateQuantifier() throws(SchemaPattern.Failure) {
        guard let scalar = next else { return }
        switch scalar {
        case "*", "+", "?":
            output.unicodeScalars.append(scalar)
            position += 1
        case "{":
            guard let end = quantifierEnd(from: position) else { return }
            output.unicodeScalars.append(contentsOf: scalars[position...end])
            position = end + 1
        default: return
        }
        if skip("?") { output += "?" }
    }

    /// Where `{2}`, `{2,}` or `{2,3}` ends; `nil` where the brace is only a brace.
    private func quantifierEnd(from start: Int) -> Int? {
        guard let end = scalars[start...].firstIndex(of: "}") else { return nil }
        let bounds = scalars[(start + 1)..<end].split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = bounds.first, !first.isEmpty, bounds.allSatisfy({ $0.allSatisfy(Self.isDigit) }) else {
            return nil
        }
        return end
    }

    private mutating func translateGroup() throws(SchemaPattern.Failure) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw failure("groups are nested deeper than \(Self.depthLimit)") }
        var isLookAhead = false
        if skip("?") {
            switch next {
            case ":":
                output += "(?:"
            case "=", "!":
                isLookAhead = true
                output += next == "=" ? "(?=" : "(?!"
            case "<":
                position += 1
                if next == "=" || next == "!" { throw failure("look-behind is not supported") }
                guard try name(until: ">") != nil else { throw failure("a group has no name") }
                position -= 1
                output += "("
            default: throw failure("there is no group '(?\(next.map { String($0) } ?? "")'")
            }
            position += 1
        } else {
            output += "("
        }
        try translateAlternatives()
        guard skip(")") else { throw failure("a '(' has no ')'") }
        output += ")"
        if !isLookAhead { try translateQuantifier() }
    }

    /// The names of the capturing groups in their order, for references, which may stand before the group.
    private mutating func findGroups() {
        var isInClass = false
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "\\": index += 1
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass:
                let rest = scalars[(index + 1)...].prefix(3)
                if rest.first != "?" {
                    groupNames.append(nil)
                } else if rest.dropFirst().first == "<", rest.last != "=", rest.last != "!" {
                    groupNames.append(Self.text(scalars[(index + 3)...].prefix { $0 != ">" }))
                }
            default: break
            }
            index += 1
        }
    }

    /// Writes a reference to a group: `\1` or `\k<name>`.
    mutating func translateReference(_ number: Int?) throws(SchemaPattern.Failure) {
        guard let number, (1...groupNames.count + 1).contains(number), number <= groupNames.count else {
            throw failure("a reference names no group")
        }
        output += "(?:\\\(number))"
    }

    func group(named name: String) -> Int? {
        groupNames.firstIndex(of: name).map { $0 + 1 }
    }
}

// Reading and writing

extension ECMAScriptTranslation {
    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    /// Reads an identifier and what ends it.
    mutating func name(until end: Unicode.Scalar) throws(SchemaPattern.Failure) -> String? {
        let start = position
        while let scalar = next, scalar != end {
            guard scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic || Self.isDigit(scalar) else {
                throw failure("a name in the regular expression holds '\(scalar)'")
            }
            position += 1
        }
        guard skip(end) else { throw failure("a name in the regular expression has no end") }
        return position - 1 == start ? nil : Self.text(scalars[start..<(position - 1)])
    }

    func failure(_ message: String) -> SchemaPattern.Failure {
        SchemaPattern.Failure(message: "the regular expression is invalid: \(message)")
    }

    /// One character that means nothing but itself.
    static func literal(_ scalar: Unicode.Scalar) -> String {
        let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || isDigit(scalar))
        return isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }
}

/// One pattern of file names: `*`, `?`, `[a-z]` and `\` as in Go's `filepath.Match`, and `**` where ignore files have it.
///
/// Matching takes time in proportion to text and pattern, whatever they are: there is no backtracking.
struct PathPattern: Hashable, Sendable {
    /// Why a text is no pattern, as a clause.
    struct Malformed: Error, Hashable {
        let reason: String
    }

    private enum Token: Hashable {
        case literal(Unicode.Scalar)
        /// `?`: one character but `/`.
        case one
        /// `*`: any characters but `/`.
        case many
        /// `**` at the end: anything.
        case all
        /// `**` elsewhere: any number of whole folders, also none.
        case folders
        /// `[a-z]`, `[^a-z]`.
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    private let tokens: [Token]
    /// `**name`: unlike all other patterns it also fits where `name` only ends a name.
    private let endsWith: [Unicode.Scalar]?

    /// Claims that the pattern stands for exactly one text.
    let isLiteral: Bool

    /// Reads a pattern.
    ///
    /// - Parameter acrossFolders: `**` has the meaning that ignore files give it; else it is the same as `*`.
    init(_ text: some StringProtocol, acrossFolders: Bool) throws(Malformed) {
        var tokens: [Token] = []
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*" where acrossFolders && rest.first == "*":
                rest.removeFirst()
                if rest.first == "/" { rest.removeFirst() }
                tokens.append(rest.isEmpty ? .all : .folders)
            case "*": tokens.append(.many)
            case "?": tokens.append(.one)
            case "\\": tokens.append(.literal(try Self.escaped(&rest)))
            case "[": tokens.append(try Self.set(&rest))
            default: tokens.append(.literal(scalar))
            }
        }
        self.tokens = tokens
        let literals = tokens.compactMap { if case .literal(let scalar) = $0 { scalar } else { nil } }
        isLiteral = literals.count == tokens.count
        let isOneWord = tokens.first == .folders && literals.count == tokens.count - 1
        endsWith = isOneWord && !text.hasPrefix("**/") && !text.contains("\\") ? literals : nil
    }

    /// Claims that the pattern fits the whole text.
    func matches(_ text: some StringProtocol) -> Bool {
        let text = Array(text.unicodeScalars)
        if let endsWith { return text.suffix(endsWith.count).elementsEqual(endsWith) }
        if isLiteral { return text.count == tokens.count && zip(text, tokens).allSatisfy { .literal($0) == $1 } }
        // Two states a token: in front of it, and (for folders) in the midst of a folder's name.
        var current = [Bool](repeating: false, count: 2 * tokens.count + 1)
        enter(0, &current)
        for scalar in text {
            var next = [Bool](repeating: false, count: current.count)
            var isAlive = false
            for state in current.indices.dropLast() where current[state] {
                isAlive = true
                step(state, scalar, &next)
            }
            guard isAlive else { return false }
            current = next
        }
        return current[2 * tokens.count]
    }

    /// Stands in front of a token, and of all after it that may be nothing.
    private func enter(_ index: Int, _ states: inout [Bool]) {
        var index = index
        while !states[2 * index] {
            states[2 * index] = true
            guard index < tokens.count else { return }
            switch tokens[index] {
            case .many, .all, .folders: index += 1
            case .literal, .one, .set: return
            }
        }
    }

    private func step(_ state: Int, _ scalar: Unicode.Scalar, _ next: inout [Bool]) {
        let index = state / 2
        switch tokens[index] {
        case .literal(let own): if own == scalar { enter(index + 1, &next) }
        case .one: if scalar != "/" { enter(index + 1, &next) }
        case .set(let ranges, let isNegated):
            if ranges.contains(where: { $0.contains(scalar) }) != isNegated { enter(index + 1, &next) }
        case .many: if scalar != "/" { enter(index, &next) }
        case .all: enter(index, &next)
        case .folders:
            next[2 * index + 1] = true
            if scalar == "/" { enter(index + 1, &next) }
        }
    }

    private static func escaped(_ rest: inout ArraySlice<Unicode.Scalar>) throws(Malformed) -> Unicode.Scalar {
        guard let scalar = rest.popFirst() else { throw Malformed(reason: "a '\\' at its end escapes nothing") }
        // Docker hands these to its regular expressions, where they are classes and anchors.
        guard scalar.properties.numericType == nil, !scalar.isASCII || !scalar.properties.isAlphabetic else {
            throw Malformed(reason: "'\\\(scalar)' means nothing; a letter or digit needs no '\\'")
        }
        return scalar
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) throws(Malformed) -> Token {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while rest.first != "]" || ranges.isEmpty {
            let low = try member(&rest)
            guard rest.first == "-" else {
                ranges.append(low...low)
                continue
            }
            rest.removeFirst()
            let high = try member(&rest)
            guard low <= high else { throw Malformed(reason: "the range \(low)-\(high) is upside down") }
            ranges.append(low...high)
        }
        rest.removeFirst()
        return .set(ranges, isNegated: isNegated)
    }

    private static func member(_ rest: inout ArraySlice<Unicode.Scalar>) throws(Malformed) -> Unicode.Scalar {
        guard let scalar = rest.popFirst() else { throw Malformed(reason: "a '[' is not closed") }
        switch scalar {
        case "-", "]": throw Malformed(reason: "'\(scalar)' in '[…]' needs a '\\' before it")
        case "\\": return try escaped(&rest)
        default: return scalar
        }
    }
}

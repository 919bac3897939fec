import JSON

/// One instruction of a Dockerfile, its continuation lines joined.
struct DockerfileInstruction: Sendable {
    /// In upper case: `COPY`.
    let keyword: String
    /// What follows the keyword, flags included.
    let rest: String
    /// The line of the keyword; counts from 1.
    let line: Int
    /// Texts in the Dockerfile itself that the instruction names by `<<NAME`.
    var heredocs: [String] = []

    /// The leading words that start with `--`.
    let flags: [String]
    /// What follows the flags.
    let arguments: String

    init(_ text: String, line: Int) {
        self.line = line
        let word = text.prefix { !$0.isWhitespace }
        keyword = word.uppercased()
        rest = String(text[word.endIndex...].drop(while: \.isWhitespace))
        var remaining = rest[...]
        var flags: [String] = []
        while remaining.hasPrefix("--") {
            let end = Self.endOfFlag(remaining)
            flags.append(String(remaining[..<end]))
            remaining = remaining[end...].drop(while: \.isWhitespace)
            if flags.last == "--" { break }
        }
        self.flags = flags
        arguments = String(remaining)
    }

    /// The values of a flag: `--from=x` has `x` for `from`.
    func values(of flag: String) -> [String] {
        flags.compactMap { $0.hasPrefix("--\(flag)=") ? String($0.dropFirst(flag.count + 3)) : nil }
    }

    /// The arguments as they stand between white space, or the texts of a JSON list.
    var list: [String] {
        if arguments.hasPrefix("["), let list = Self.jsonList(arguments) { return list }
        return arguments.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// A flag ends at white space that is neither quoted nor escaped.
    private static func endOfFlag(_ text: Substring) -> Substring.Index {
        var quote: Character?
        var isEscaped = false
        for index in text.indices {
            let character = text[index]
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character.isWhitespace {
                return index
            }
        }
        return text.endIndex
    }
}

extension DockerfileInstruction {
    private static func jsonList(_ text: String) -> [String]? {
        guard let items = (try? JSONValue(parsing: text))?.arrayValue else { return nil }
        let texts = items.compactMap(\.stringValue)
        return texts.count == items.count ? texts : nil
    }
}

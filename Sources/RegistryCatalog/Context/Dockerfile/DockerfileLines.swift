import DeploymentModel

/// Splits a Dockerfile into instructions: directives, comments, continuation lines and heredocs (the builders' own rules,
/// moby/buildkit `frontend/dockerfile/parser`).
struct DockerfileLines {
    private(set) var instructions: [DockerfileInstruction] = []
    private(set) var findings: [DockerfileFinding] = []
    /// `# syntax=`: the program that reads this file in place of the builder's own.
    private(set) var syntax: String?
    /// `# escape=`.
    private(set) var escape: Character = "\\"

    private var lines: ArraySlice<(number: Int, text: String)>

    init(_ source: [UInt8]) {
        let bytes = source.starts(with: [0xEF, 0xBB, 0xBF]) ? source.dropFirst(3) : source[...]
        let split = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines =
            split.enumerated().map { index, line in
                let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
                return (index + 1, String(decoding: text, as: UTF8.self))
            }[...]
        readDirectives()
        while let (number, text) = lines.popFirst() {
            let start = text.drop(while: \.isWhitespace)
            if start.isEmpty || start.hasPrefix("#") { continue }
            var instruction = DockerfileInstruction(joined(String(start)), line: number)
            readHeredocs(of: &instruction)
            instructions.append(instruction)
        }
    }

    /// Directives are comments of the form `# name=value`, in front of everything else.
    private mutating func readDirectives() {
        var seen: Set<String> = []
        for (number, text) in lines {
            let trimmed = text.drop(while: \.isWhitespace)
            guard trimmed.hasPrefix("#") else { return }
            let parts = trimmed.dropFirst().split(separator: "=", maxSplits: 1)
            let name = parts.first.map { Self.trimmed($0).lowercased() } ?? ""
            guard parts.count == 2, ["syntax", "escape", "check"].contains(name) else { return }
            let value = Self.trimmed(parts[1])
            guard !value.isEmpty else { return }
            guard seen.insert(name).inserted else {
                findings.append(DockerfileFinding(.error, "the directive '\(name)' is given twice", line: number))
                return
            }
            switch name {
            case "syntax": syntax = value
            case "escape" where value == "\\" || value == "`": escape = Character(value)
            case "escape":
                findings.append(
                    DockerfileFinding(.error, "the escape character is '\\' or '`', not '\(value)'", line: number))
            default: break
            }
        }
    }

    /// Adds the lines that continue this one. Comments between them belong to none.
    private mutating func joined(_ first: String) -> String {
        guard var text = continued(first) else { return first }
        while let (_, line) = lines.popFirst() {
            let start = line.drop(while: \.isWhitespace)
            if start.isEmpty || start.hasPrefix("#") { continue }
            guard let more = continued(line) else { return text + line }
            text += more
        }
        return text
    }

    /// The line without the escape character at its end, `nil` when it has none there. Two of them are a text.
    private func continued(_ line: String) -> String? {
        var end = line[...]
        while let last = end.last, last == " " || last == "\t" { end.removeLast() }
        guard end.popLast() == escape, end.last != escape else { return nil }
        return String(end)
    }

    private mutating func readHeredocs(of instruction: inout DockerfileInstruction) {
        var body = instruction
        if body.keyword == "ONBUILD" { body = DockerfileInstruction(body.rest, line: body.line) }
        guard ["RUN", "COPY", "ADD"].contains(body.keyword) else { return }
        for heredoc in Heredoc.all(in: body.arguments, escape: escape) {
            instruction.heredocs.append(heredoc.name)
            var isClosed = false
            while !isClosed, let (_, line) = lines.popFirst() {
                isClosed = (heredoc.stripsTabs ? String(line.drop { $0 == "\t" }) : line) == heredoc.name
            }
            guard !isClosed else { continue }
            findings.append(
                DockerfileFinding(
                    .error, "the text <<\(heredoc.name) is not ended", line: instruction.line,
                    fix: "end it by a line that is just \(heredoc.name)"))
            return
        }
    }

    /// The words of a shell's line; quotes stay part of them.
    static func words(of text: String, escape: Character) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        var isEscaped = false
        for character in text {
            if quote == nil, !isEscaped, character.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            word.append(character)
            if isEscaped {
                isEscaped = false
            } else if character == escape, quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// `<<NAME` or `<<-"NAME"`: the lines that follow, up to one that is the name, are a text.
private struct Heredoc {
    let name: String
    /// `<<-`: tabs in front of the lines don't count.
    let stripsTabs: Bool

    static func all(in text: String, escape: Character) -> [Heredoc] {
        DockerfileLines.words(of: text, escape: escape).compactMap(Heredoc.init)
    }

    private init?(_ word: String) {
        var rest = word.drop { $0.isASCII && $0.isNumber }
        guard rest.hasPrefix("<<") else { return nil }
        rest = rest.dropFirst(2)
        stripsTabs = rest.hasPrefix("-")
        if stripsTabs { rest = rest.dropFirst() }
        guard !rest.isEmpty, !rest.contains("<") else { return nil }
        name = rest.filter { $0 != "\"" && $0 != "'" && $0 != "\\" }
        guard !name.isEmpty else { return nil }
    }
}

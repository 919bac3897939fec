import DeploymentModel

/// Variables in a text: `NAME=value`, a line each.
///
/// `export ` before the name, empty lines and lines that start with `#` are skipped over. A value in single quotes is
/// taken as it is; one in double quotes may have `\n`, `\r`, `\t`, `\"`, `\\` and `\$` in it; both may go over several
/// lines. A bare value ends before ` #`, and without the spaces around it. Nothing is expanded.
struct DotenvFile {
    let values: [String: String]

    /// - Parameter place: names the text in errors, which never quote it.
    /// - Throws: `Failure` with `ERR_INPUTS` that names every line that is wrong.
    init(_ text: String, place: String) throws(Failure) {
        var values: [String: String] = [:]
        var wrong: [String] = []
        var lines = Lines(text)
        while let line = lines.next() {
            let number = lines.number
            var rest = line.drop { $0 == " " || $0 == "\t" }
            guard let first = rest.first, first != "#" else { continue }
            if rest.hasPrefix("export ") { rest = rest.dropFirst("export ".count).drop { $0 == " " } }
            guard let equals = rest.firstIndex(of: "="), case let name = rest[..<equals], Self.isName(name) else {
                wrong.append("line \(number) is no NAME=value")
                continue
            }
            guard let value = Self.value(rest[rest.index(after: equals)...], &lines) else {
                wrong.append("the quotes of \(name) on line \(number) don't end, or more comes after them")
                continue
            }
            values[String(name)] = value
        }
        guard wrong.isEmpty else { throw Failure(.inputs, "\(place) can't be read: \(wrong.joined(separator: "; "))") }
        self.values = values
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_")
        }
    }

    /// The value that begins here; `nil` when its quotes are wrong.
    private static func value(_ text: Substring, _ lines: inout Lines) -> String? {
        let text = text.drop { $0 == " " || $0 == "\t" }
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            let bare = text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text
            return String(bare.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
        var value = ""
        var rest = text.dropFirst()
        while true {
            guard let character = rest.popFirst() else {
                guard let next = lines.next() else { return nil }
                value += "\n"
                rest = next
                continue
            }
            if character == quote {
                let after = rest.drop { $0 == " " || $0 == "\t" }
                return after.isEmpty || after.first == "#" ? value : nil
            }
            guard character == "\\", quote == "\"", let escaped = rest.popFirst() else {
                value.append(character)
                continue
            }
            let escapes: [Character: String] = ["n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\", "$": "$"]
            value += escapes[escaped] ?? "\\\(escaped)"
        }
    }

    private struct Lines {
        private var rest: [Substring].SubSequence
        private(set) var number = 0

        init(_ text: String) {
            rest = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)[...]
        }

        mutating func next() -> Substring? {
            number += 1
            return rest.popFirst()
        }
    }
}

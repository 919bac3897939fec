import DeploymentModel

/// A workflow command of GitHub Actions that puts a diagnostic on its line.
struct Annotation {
    let text: String

    /// How much of a message is shown; the whole of it is in the report.
    private static let limit = 4000

    init(_ diagnostic: Diagnostic) {
        var properties = ["file=\(Self.escaped(diagnostic.file, in: true))"]
        if let line = diagnostic.line { properties.append("line=\(line)") }
        if let column = diagnostic.column { properties.append("col=\(column)") }
        properties.append("title=\(diagnostic.code.rawValue)")
        let message = [diagnostic.message, diagnostic.fix].compactMap(\.self).joined(separator: "\n")
        self.init(diagnostic.severity, properties, message)
    }

    /// An error that has no place in a file.
    init(_ code: String, _ message: String) {
        self.init(.error, ["title=\(Self.escaped(code, in: true))"], message)
    }

    fileprivate init(_ severity: Diagnostic.Severity, _ properties: [String], _ message: String) {
        let command =
            switch severity {
            case .error: "error"
            case .warning: "warning"
            case .note: "notice"
            }
        let shown = message.count > Self.limit ? message.prefix(Self.limit) + " …" : message[...]
        text = "::\(command) \(properties.joined(separator: ","))::\(Self.escaped(String(shown).printable, in: false))"
    }

    /// `%`, line ends and, in properties, `:` and `,` have a meaning of their own there. By scalars: to Swift a CR and an LF
    /// are one character, and to the runner each of them ends a line.
    private static func escaped(_ text: String, in property: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            case ":" where property: result += "%3A"
            case "," where property: result += "%2C"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// What GitHub shows of a step's findings. It takes ten annotations of a kind from a step and drops the rest without a word,
/// so the tenth tells how many there are besides.
struct Annotations {
    static let limit = 10

    /// A workflow command each: errors first, then warnings and notices, each in their order.
    let lines: [String]

    init(_ diagnostics: [Diagnostic]) {
        lines = [Diagnostic.Severity.error, .warning, .note].flatMap { severity -> [String] in
            let own = diagnostics.filter { $0.severity == severity }
            guard own.count > Self.limit else { return own.map { Annotation($0).text } }
            let rest = own.count - (Self.limit - 1)
            let files = Set(own.dropFirst(Self.limit - 1).map(\.file)).count
            return own.prefix(Self.limit - 1).map { Annotation($0).text } + [
                Annotation(
                    severity, ["title=and \(rest) more"],
                    "\(counted(rest, severity.rawValue)) more in \(counted(files, "file")): "
                        + "see the summary of the job, or its log."
                ).text
            ]
        }
    }
}

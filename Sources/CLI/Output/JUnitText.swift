/// Results as the XML that CI systems read (testmoapp/junitxml; the schema of Jenkins's xunit plugin).
struct JUnitText {
    struct Case {
        enum Outcome {
            case passed
            case failed(String)
            case skipped(String)
        }

        let group: String
        let name: String
        let seconds: Double
        let outcome: Outcome
    }

    let text: String

    init(_ name: String, _ cases: [Case]) {
        let failures = cases.count { if case .failed = $0.outcome { true } else { false } }
        let skipped = cases.count { if case .skipped = $0.outcome { true } else { false } }
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuite name=\"\(Self.escaped(name))\" tests=\"\(cases.count)\""
                + " failures=\"\(failures)\" skipped=\"\(skipped)\" errors=\"0\""
                + " time=\"\(Self.milliseconds(cases.reduce(0) { $0 + $1.seconds }))\">",
        ]
        for one in cases {
            let head =
                "  <testcase classname=\"\(Self.escaped(one.group))\" name=\"\(Self.escaped(one.name))\""
                + " time=\"\(Self.milliseconds(one.seconds))\""
            switch one.outcome {
            case .passed: lines.append(head + "/>")
            case .failed(let detail):
                let message = detail.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
                lines.append(
                    head
                        + "><failure message=\"\(Self.escaped(message))\">\(Self.escaped(detail))</failure></testcase>")
            case .skipped(let reason):
                lines.append(head + "><skipped message=\"\(Self.escaped(reason))\"/></testcase>")
            }
        }
        text = (lines + ["</testsuite>"]).joined(separator: "\n")
    }

    /// `1.234`.
    private static func milliseconds(_ seconds: Double) -> String {
        let count = Int((seconds * 1000).rounded())
        let rest = String(count % 1000)
        return "\(count / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// Text as XML 1.0 can hold it: characters that it forbids become U+FFFD.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

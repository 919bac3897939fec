import DeploymentModel

/// A failure for people: code, sentence, detail, what to do.
struct FailureText {
    let text: String

    init(_ failure: Failure, style: Style, indent: String = "") {
        var lines = ["\(style.bold(style.red("error[\(failure.code.rawValue)]:"))) \(failure.message.printable)"]
        for line in (failure.detail ?? "").split(whereSeparator: \.isNewline) {
            lines.append("    " + style.dim(String(line).printable))
        }
        if let remedy = failure.remedy { lines.append("  " + remedy.printable) }
        text = lines.map { indent + $0 }.joined(separator: "\n")
    }
}

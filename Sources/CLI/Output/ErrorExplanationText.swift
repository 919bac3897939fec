import ArgumentParser
import DeploymentModel

/// What an error code means, for people.
struct ErrorExplanationText {
    let text: String

    init(_ explanation: ErrorExplanation, style: Style) {
        let document = ErrorExplanationDocument(explanation)
        func part(_ title: String, _ lines: String) -> String {
            let lines = lines.split(separator: "\n").map { "  \($0)".wrapped(80) }.joined(separator: "\n")
            return "\(style.bold(title))\n\(lines)"
        }
        text = [
            "\(style.bold(style.red(document.code)))  "
                + style.dim("at fault: \(document.fault) · exit code \(document.exitCode)")
                + (document.isWorthRetry ? style.dim(" · worth another try") : ""),
            part("Cause", explanation.cause), part("For example", explanation.example),
            part("What to do", explanation.remedy),
        ].joined(separator: "\n\n")
    }

    /// All codes in a table.
    static func list(_ explanations: [ErrorExplanation], style: Style) -> String {
        let rows = explanations.map { [$0.code.rawValue, $0.code.fault.rawValue, "\($0.exitCode.rawValue)"] }
        return TableText(["CODE", "FAULT", "EXIT"], rows, style: style).text
            + "\n\n" + style.dim("One of them: pinion explain CODE")
    }
}

/// What an error code means, for scripts.
struct ErrorExplanationDocument: Encodable {
    let code: String
    let fault: String
    let isWorthRetry: Bool
    let exitCode: Int32
    let cause: String
    let example: String
    let remedy: String

    init(_ explanation: ErrorExplanation) {
        code = explanation.code.rawValue
        fault = explanation.code.fault.rawValue
        isWorthRetry = explanation.code.isWorthRetry
        exitCode = explanation.exitCode.rawValue
        cause = explanation.cause
        example = explanation.example
        remedy = explanation.remedy
    }
}

extension ErrorExplanation {
    /// What a command ends with that fails with this code alone.
    var exitCode: ExitCode { ExitCode(for: Failure(code, cause)) }
}

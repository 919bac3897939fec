import ArgumentParser
import DeploymentModel
import RegistryCatalog

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell what an error code means, and what to do.",
        discussion: """
            pinion explain ERR_IMAGE_UNPINNED
            pinion explain image-unpinned

            Without a code it lists all of them. A processor's own codes pass through as they are: what they mean is for \
            its makers to say.
            """)

    @Argument(
        help: ArgumentHelp("An error code; ERR_ may be left out.", valueName: "code"),
        completion: .list(ErrorCode.allCases.map(\.rawValue)))
    var code: String?

    @Flag(help: "Print it as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            if let code {
                let explanation = ErrorExplanation(try Self.find(code))
                try Output.show(
                    ErrorExplanationDocument(explanation), asJSON: json,
                    ErrorExplanationText(explanation, style: .standardOutput).text)
            } else {
                let all = ErrorCode.allCases.map { ErrorExplanation($0) }
                try Output.show(
                    all.map { ErrorExplanationDocument($0) }, asJSON: json,
                    ErrorExplanationText.list(all, style: .standardOutput))
            }
            return .success
        }
    }

    /// The code that is meant: capitals, hyphens and `ERR_` make no difference.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when there is none, with those that are near.
    static func find(_ text: String) throws(Failure) -> ErrorCode {
        let name = String(text.uppercased().map { $0 == "-" ? "_" : $0 })
        let full = name.hasPrefix("ERR_") ? name : "ERR_" + name
        if let code = ErrorCode(rawValue: full) { return code }
        let all = ErrorCode.allCases.map(\.rawValue)
        let parts = all.filter { $0.dropFirst(4).contains(full.dropFirst(4)) }
        let near = parts.isEmpty ? Suggestion.near(full, among: all).map { [$0] } ?? [] : parts
        throw Failure(
            .functionNotFound, "there is no error code '\(text)' of Pinion's",
            remedy: near.isEmpty
                ? "See all of them: pinion explain"
                : "Did you mean \(near.joined(separator: ", "))? See all of them: pinion explain")
    }
}

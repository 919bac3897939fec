import ArgumentParser
import CBuildFacts
import DeploymentModel

/// The version of this program.
enum Version {
    static let number = "0.1.0"

    /// The commit that it was built of, with `-dirty` where the checkout had changes; `nil` where the build did not say.
    static let commit: String? = {
        let text = String(cString: pinion_commit())
        return text.isEmpty ? nil : text
    }()

    /// `0.1.0 (a1b2c3d)`.
    static let text = number + (commit.map { " (\($0))" } ?? "")
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version, and the commit it was built of.")

    @Flag(help: "Print it as JSON.")
    var json = false

    private struct Document: Encodable {
        let version = Version.number
        let commit = Version.commit
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            Output.result(json ? try JSONText(Document()).text : "pinion \(Version.text)")
            return .success
        }
    }
}

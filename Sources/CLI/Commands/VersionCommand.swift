import ArgumentParser

/// The version of this program.
enum Version {
    static let text = "0.1.0"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version of Pinion.")

    func run() throws {
        Output.result("pinion \(Version.text)")
    }
}

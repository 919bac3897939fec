import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import JSON
import RegistryCatalog

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Write the registry as one reproducible document.",
        subcommands: [Write.self, Show.self, Diff.self], defaultSubcommand: Write.self)

    struct Write: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "write", abstract: "Write the snapshot of a revision (the default).")

        @OptionGroup var options: RevisionOptions

        @Option(
            name: [.short, .long], help: ArgumentHelp("Write it to this file.", valueName: "file"), completion: .file())
        var output: String?

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let catalog = try await options.catalog(in: await options.open())
                let snapshot = try SnapshotSource.snapshot(of: catalog)
                guard let output else {
                    Output.result(JSONText(snapshot.json).text)
                    return .success
                }
                do {
                    try Data((JSONText(snapshot.json).text + "\n").utf8).write(
                        to: URL(filePath: output), options: .atomic)
                } catch { throw Failure(.spec, "\(output) cannot be written: \(error)") }
                Output.result(snapshot.id.description)
                return .success
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a snapshot holds: a file, a snapshot id, or a revision.")

        @OptionGroup var options: RevisionOptions
        @Argument(help: "A file, sha256:… (or its first digits), or a revision.") var snapshot: String
        @Flag(help: "Print the whole document.") var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let found = try await SnapshotSource(options).find(snapshot).snapshot
                if json {
                    Output.result(JSONText(found.json).text)
                    return .success
                }
                var lines = ["\(found.id)", "commit \(found.commit) of \(found.createdAt)"]
                for kind in RegistrySnapshot.kinds {
                    let names = found.specs[kind]?.keys.sorted() ?? []
                    if !names.isEmpty { lines.append("\(kind): \(names.joined(separator: ", "))") }
                }
                Output.result(lines.joined(separator: "\n"))
                return .success
            }
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what is different between two snapshots.")

        @OptionGroup var options: RevisionOptions
        @Argument(help: "A file, a snapshot id, or a revision.") var old: String
        @Argument(help: "Another one.") var new: String
        @Flag(help: "Print it as JSON.") var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let source = SnapshotSource(options)
                let difference = SnapshotDifference(
                    from: try await source.find(old).snapshot, to: try await source.find(new).snapshot)
                if json {
                    Output.result(JSONText(difference.json).text)
                } else if difference.entries.isEmpty {
                    Output.view("The same content.")
                } else {
                    let lines = difference.entries.map { entry in
                        let mark = [.added: "+", .removed: "-", .changed: "~"][entry.change] ?? "~"
                        let places = entry.places.map(\.description).joined(separator: ", ")
                        return "\(mark) \(entry.kind) \(entry.name)" + (places.isEmpty ? "" : "  \(places)")
                    }
                    Output.result(lines.joined(separator: "\n"))
                }
                return .success
            }
        }
    }
}

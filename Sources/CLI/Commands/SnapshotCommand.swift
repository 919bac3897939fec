import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import JSON
import RegistryCatalog

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Write the registry of a revision as one reproducible document.",
        subcommands: [Write.self, Show.self, Diff.self], defaultSubcommand: Write.self)

    struct Write: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "write", abstract: "Write the snapshot of a revision (the default).")

        @OptionGroup var options: RevisionOptions

        @Option(name: [.short, .long], help: ArgumentHelp("Write it to this file.", valueName: "file"))
        var output: String?

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let catalog = try await options.catalog(in: await options.open())
                if catalog.hasErrors {
                    throw Failure(
                        .spec, "the registry of \(catalog.commit.id.short) has errors, so it has no snapshot",
                        remedy: "See them with: pinion validate --rev \(catalog.commit.id.short)")
                }
                let snapshot = try SnapshotSource.snapshot(of: catalog)
                guard let output else {
                    Output.result(snapshot.json.pretty)
                    return .success
                }
                do {
                    try Data((snapshot.json.pretty + "\n").utf8).write(to: URL(filePath: output), options: .atomic)
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
                let found = try await SnapshotSource(options).find(snapshot)
                if json {
                    Output.result(found.json.pretty)
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
                let difference = SnapshotDifference(from: try await source.find(old), to: try await source.find(new))
                if json {
                    Output.result(difference.json.pretty)
                } else if difference.entries.isEmpty {
                    Output.result("The same content.")
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

/// Finds snapshots by what people call them.
private struct SnapshotSource {
    /// How far back in history an id is looked for.
    private static let depth = 500

    private let options: RevisionOptions

    init(_ options: RevisionOptions) { self.options = options }

    static func snapshot(of catalog: Catalog) throws(Failure) -> RegistrySnapshot {
        do throws(JSONError) {
            return try RegistrySnapshot(catalog)
        } catch { throw Failure(.spec, error.message) }
    }

    func find(_ name: String) async throws(Failure) -> RegistrySnapshot {
        if let data = FileManager.default.contents(atPath: name) {
            return try RegistrySnapshot(parsing: Array(data), file: name)
        }
        let repository = try await options.open()
        if !name.hasPrefix("sha256:"), (try? await repository.commit(at: name)) != nil {
            return try Self.snapshot(of: await options.catalog(at: name, in: repository))
        }
        let digits = name.hasPrefix("sha256:") ? String(name.dropFirst("sha256:".count)) : name
        guard digits.count >= 4, digits.allSatisfy(\.isHexDigit) else { throw missing(name) }
        var commit: Commit?
        do throws(GitError) {
            commit = try await repository.commit(at: options.rev ?? "HEAD")
            for _ in 0..<Self.depth {
                guard let current = commit else { break }
                let snapshot = try? Self.snapshot(of: await Catalog(of: current, in: repository))
                if let snapshot, snapshot.id.hex.hasPrefix(digits) { return snapshot }
                commit =
                    if let parent = current.parents.first { try await repository.commit(at: parent.hex) } else { nil }
            }
        } catch { throw options.failure(error) }
        throw missing(name)
    }

    private func missing(_ name: String) -> Failure {
        Failure(
            .spec,
            "there is no snapshot '\(name)': no file, no revision, and none of the last \(Self.depth) commits has it",
            remedy: "Name another starting point with --rev, or the file itself.")
    }
}

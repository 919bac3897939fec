import ArgumentParser
import DeploymentModel
import FoundationEssentials
import RegistryCatalog

struct LaneCICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ci", abstract: "Write CI files that run the lanes.",
        discussion: """
            pinion lane ci --for github      # .github/workflows/pinion-NAME.yml
            pinion lane ci --for gitlab      # .gitlab-ci.yml

            Only files that it wrote itself are written again.
            """)

    @Option(name: .customLong("for"), help: "github or gitlab.")
    var system: LaneFiles.System

    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder that the files go below.", valueName: "folder"),
        completion: .directory)
    var output = "."

    @OptionGroup var revision: RevisionOptions

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let catalog = try await revision.catalog(in: try await revision.open())
            guard catalog.show(of: nil) == 0 else { return .failure }
            let files = LaneFiles(catalog).files(for: system)
            guard files.contains(where: { $0.text.contains("pinion lane run") }) else {
                throw Failure(
                    .functionNotFound, "there is no lane for CI",
                    remedy: "Describe one in pipelines/NAME.yaml, with 'changed_only: true' or an environment on Modal."
                )
            }
            for file in files { try write(file) }
            return .success
        }
    }

    private func write(_ file: LaneFiles.File) throws(Failure) {
        let path = "\(output)/\(file.path)"
        if let there = try? String(contentsOfFile: path, encoding: .utf8), !there.hasPrefix(LaneFiles.mark) {
            throw Failure(
                .inputs, "\(path) is there, and somebody else's",
                remedy: "Move it away, or name another folder with -o.")
        }
        do {
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch { throw Failure(.inputs, "\(path) can't be written: \(error)") }
        Output.result(path)
    }
}

extension LaneFiles.System: ExpressibleByArgument {}

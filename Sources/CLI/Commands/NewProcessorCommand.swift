import ArgumentParser
import DeploymentModel
import FoundationEssentials
import RegistryCatalog

struct NewProcessorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "processor", abstract: "Write the files of a new processor that works as it is.",
        discussion: """
            Spec, Dockerfile, sources in Python, and a test, below the working directory, and the JSON Schema that \
            the spec names to editors, where it is not there yet. Nothing is overwritten, and nothing is committed. Its image is made from python:3.11-slim-bookworm of Docker Hub and packages of PyPI; \
            --base and --wheels put images of your own in their places.
            """)

    @Argument(help: ArgumentHelp("Its name; with @version where that is not 1.", valueName: "ns/name"))
    var name: String

    @Option(help: ArgumentHelp("How it is spoken to: ws or http.", valueName: "protocol"))
    var `protocol` = ProcessorAPI.Transport.ws

    @Option(help: ArgumentHelp("The folder of processors that it goes to.", valueName: "path"), completion: .directory)
    var folder = "registry/processors"

    @Option(help: ArgumentHelp("An image with Python 3.11 or later, for both platforms.", valueName: "image"))
    var base: String?

    @Option(help: ArgumentHelp("An image with the packages under /site-packages.", valueName: "image"))
    var wheels: String?

    /// A name or folder that cannot be is a wrong command line.
    func validate() throws {
        do throws(Failure) {
            _ = try scaffold()
        } catch { throw ValidationError([error.message, error.remedy].compactMap(\.self).joined(separator: "\n")) }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let scaffold = try scaffold()
            try write(scaffold)
            Output.result(scaffold.folder)
            Output.note(next(scaffold))
            return .success
        }
    }

    private func scaffold() throws(Failure) -> ProcessorScaffold {
        try ProcessorScaffold(reference(), transport: `protocol`, in: folder, base: image(base), wheels: image(wheels))
    }

    private func reference() throws(Failure) -> ProcessorRef {
        do throws(GrammarError) {
            return try ProcessorRef(name.contains("@") ? name : name + "@1")
        } catch {
            throw Failure(.spec, error.description, remedy: "For example: pinion new processor text/stats")
        }
    }

    private func image(_ text: String?) throws(Failure) -> ImageReference? {
        guard let text else { return nil }
        do throws(GrammarError) {
            return try ImageReference(text)
        } catch { throw Failure(.spec, error.description, remedy: "For example: docker.io/library/python:3.12-slim") }
    }

    /// Makes the folder last of all its parents: that it was not there before is what keeps files from being overwritten.
    private func write(_ scaffold: ProcessorScaffold) throws(Failure) {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: scaffold.folder) else {
            throw Failure(
                .spec, "\(scaffold.folder) is there already", remedy: "Choose another name or version, or remove it.")
        }
        do {
            try manager.createDirectory(atPath: scaffold.parent, withIntermediateDirectories: true)
            try manager.createDirectory(atPath: scaffold.folder, withIntermediateDirectories: false)
            try manager.createDirectory(atPath: scaffold.folder + "/app", withIntermediateDirectories: false)
            for (path, text) in scaffold.files.sorted(by: { $0.key < $1.key }) {
                let place = "\(scaffold.folder)/\(path)"
                try Data(text.utf8).write(to: URL(filePath: place), options: .withoutOverwriting)
                Output.note("wrote \(place)")
            }
            // Other processors name it too; what is there stays.
            if !manager.fileExists(atPath: scaffold.schema) {
                let text = SpecSchema.processor.text + "\n"
                try Data(text.utf8).write(to: URL(filePath: scaffold.schema), options: .withoutOverwriting)
                Output.note("wrote \(scaffold.schema)")
            }
        } catch { throw Failure(.spec, "\(scaffold.folder) cannot be written: \(error)") }
    }

    private func next(_ scaffold: ProcessorScaffold) -> String {
        """

        Next:
          1. Say what it does in \(scaffold.folder)/app/processor.py, and what goes in and out in its registry.yaml.
          2. Test it:   (cd \(scaffold.folder) && python3 -m unittest)
          3. Commit it: git add \(scaffold.folder) \(scaffold.schema) && git commit -m "\(scaffold.ref)"
          4. Run it:    pinion reconcile
        """
    }
}

extension ProcessorAPI.Transport: ExpressibleByArgument {}

import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Modal
import OCI
import Reconciliation
import RegistryCatalog
import SystemPackage

struct ModalRenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Write what 'modal deploy' needs to deploy the same functions by hand.",
        discussion: """
            One module, modal_app.py, and one file of data, modal_app.json, with every pinned processor of the \
            environment. Then, with Modal's own tools:

            pinion modal render --env staging -o out
            (cd out && modal deploy --env staging -m modal_app::exec__llm_litellm__v1)
            """)

    @OptionGroup var options: WorkspaceOptions

    @Option(help: ArgumentHelp("One processor only. Can be repeated.", valueName: "ref"))
    var ref: [ProcessorRef] = []

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The folder to write to; it is made. Default: this one.", valueName: "folder"),
        completion: .directory)
    var output = "."

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let whole = try await Workspace(options, on: .modal)
            let workspace = try whole.deploying(ref.isEmpty ? nil : ref, pins: whole.pins)
            let session = try await Session(workspace, options)
            let functions = try await session.functions(of: workspace)
            try write("modal_app.py", ModalModule.text)
            try write("modal_app.json", ModalModule.apps(functions))
            Output.note(
                "Deploy them: cd \(output) && modal deploy --env \(workspace.environment.modalEnvironment) -m modal_app"
                    + (functions.count == 1 ? "" : "::FUNCTION"))
            for function in functions { Output.result("\(function.name.app)  \(function.name.function)") }
            return .success
        }
    }

    private func write(_ name: String, _ text: String) throws(Failure) {
        let path = FilePath(output).appending(name)
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
            defer { try? file.close() }
            try file.writeAll(text.utf8)
        } catch { throw Failure(.inputs, "\(path) can't be written: \(error)") }
    }
}

extension Session {
    /// What is deployed of a workspace, with all that its images say.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_UNPINNED` that names every processor without a pin; what the registry throws.
    fileprivate func functions(of workspace: Workspace) async throws(Failure) -> [FunctionSpec] {
        guard let modal else { return [] }
        let unpinned = workspace.desired.processors.filter { $0.pins[.amd64] == nil }.map(\.ref.description)
        guard unpinned.isEmpty else {
            throw Failure(
                .imageUnpinned, "not pinned for linux/amd64: \(unpinned.sorted().joined(separator: ", "))",
                remedy: "Pin them: pinion reconcile --env \(workspace.environment.name), or name others with --ref.")
        }
        let there = Set(try await modal.platform.secretNames())
        var functions: [FunctionSpec] = []
        for desired in workspace.desired.processors.sorted(by: { $0.ref < $1.ref }) {
            guard let image = desired.pins[.amd64], let name = desired.function else { continue }
            let secrets = MountedSecrets(of: desired.processor, in: there, [:])
            functions.append(
                FunctionSpec(
                    desired.processor, name: name, image: image,
                    configuration: try await registry.configuration(of: image),
                    secrets: Set(desired.processor.secrets.required + secrets.mounted).sorted(),
                    registryAuth: try await registry.isPublic(image) ? nil : FunctionSpec.registryAuth))
        }
        return functions
    }
}

import Adapters
import ArgumentParser
import DeploymentModel
import JSON
import Modal
import Reconciliation
import RegistryCatalog

struct ModalctlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "modalctl", abstract: "Deploy, run and stop single processors on Modal.",
        discussion: """
            The environment is that of --env, MODAL_ENV or MODAL_ENVIRONMENT. Each command does exactly one thing: none \
            builds, pins or tests, and a secret that is missing is synced by 'sync-secrets' first.

            OPENAI_API_KEY=… pinion modalctl sync-secrets --ref llm/litellm@1 --env dev
            pinion modalctl start --ref llm/litellm@1 --env dev
            pinion modalctl run --ref llm/litellm@1 --env dev --mode mock
            pinion modalctl stop --ref llm/litellm@1 --env dev
            """,
        subcommands: [
            StartCommand.self, StopCommand.self, RunCommand.self, StatusCommand.self, LogsCommand.self,
            URLCommand.self, VerifyDigestCommand.self, SyncSecretsCommand.self, HistoryCommand.self,
            RollbackCommand.self,
        ])

    /// The one processor that a command is about.
    struct Target: ParsableArguments {
        @OptionGroup var options: WorkspaceOptions

        @Option(help: ArgumentHelp("The processor, as ns/name@ver.", valueName: "ref"))
        var ref: ProcessorRef

        /// Its environment, and the names that it has there, whether the registry still has it or not.
        func open() async throws(Failure) -> (source: RegistrySource, modal: ModalAccess, name: FunctionName) {
            let source = try await RegistrySource(options, on: .modal)
            guard let names = source.names else { throw Failure(.spec, "\(source.environment.name) is not on Modal") }
            let modal = try await ModalAccess(source.environment, names: names, policy: source.catalog.policy)
            return (source, modal, names.name(of: ref))
        }
    }

    struct StartCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "start", abstract: "Deploy a processor by its pinned digest, unless just that runs.")

        @OptionGroup var target: Target
        @OptionGroup var deployment: DeploymentOptions

        @Option(
            help: ArgumentHelp("Another image, by digest. Drift will tell of it.", valueName: "repository@sha256:…"))
        var oci: String?

        func run() async throws {
            try await interruptible { () async throws(Failure) -> ExitCode in
                let workspace = try await Workspace(target.options, on: .modal)
                let pinned = workspace.pins[target.ref] ?? workspace.desired.pins(of: target.ref)
                var pins = workspace.pins
                if let oci { pins[target.ref] = try chosen(oci, pinned) }
                return try await deployment.deploy(
                    try workspace.deploying([target.ref], pins: pins), target.options
                ) { plan in oci == nil ? plan : plan.desiring(pinned, of: target.ref) }
            }
        }

        /// The pins with another image in place of the one that Modal runs.
        private func chosen(
            _ text: String, _ pinned: [Platform: ImageReference]
        ) throws(Failure) -> [Platform: ImageReference] {
            let image: ImageReference
            do throws(GrammarError) {
                image = try ImageReference(text)
            } catch { throw Failure(.imageUnpinned, error.description) }
            guard let digest = image.digest else {
                throw Failure(
                    .imageUnpinned, "\(text) is no image by digest", remedy: "Name it as repository@sha256:<64 hex>.")
            }
            if pinned[.amd64]?.digest != digest {
                Output.note("note: \(digest.short) is not the pinned digest; 'pinion drift' will say so")
            }
            return pinned.merging([.amd64: image.pinned(to: digest)]) { $1 }
        }
    }

    struct StopCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "stop", abstract: "Stop a processor's app.")

        @OptionGroup var target: Target

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (_, modal, name) = try await target.open()
                if try await modal.platform.stop(name.app) {
                    Output.result("\(target.ref)  stopped \(name.app)")
                } else {
                    Output.note("\(target.ref) is not deployed.")
                }
                return .success
            }
        }
    }

    struct RunCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a processor once where it is deployed.")

        @OptionGroup var options: WorkspaceOptions
        @OptionGroup var run: RunOptions

        func run() async throws {
            try await AnsweredRun(options: options, run: run, adapter: .modal).answer { call throws(Failure) in
                try await call.session.runOnModal(call, run)
            }
        }
    }

    struct StatusCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show what of an environment is deployed.")

        @OptionGroup var options: WorkspaceOptions

        @Option(help: ArgumentHelp("One processor only.", valueName: "ref"))
        var ref: ProcessorRef?

        @Flag(help: "Print it as JSON.")
        var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let source = try await RegistrySource(options, on: .modal)
                guard let names = source.names else { return .failure }
                let modal = try await ModalAccess(source.environment, names: names, policy: source.catalog.policy)
                if let ref, !source.catalog.processors.contains(where: { $0.ref == ref }) {
                    throw Failure(
                        .functionNotFound, "the registry has no \(ref) without errors",
                        remedy: "See what there is with: pinion modalctl status")
                }
                let audit = try await modal.platform.audit(nil)
                let own = source.catalog.processors.map(\.ref).filter { ref == nil || $0 == ref }
                let rows = own.compactMap { ref in audit.apps[names.name(of: ref).app].map { Row(ref, $0) } }
                if json {
                    Output.result(try JSONText(rows).text)
                } else if rows.isEmpty {
                    Output.note("Nothing of it is deployed to \(source.environment.name).")
                } else {
                    Output.view(
                        TableText(
                            ["PROCESSOR", "APP", "VERSION", "DIGEST", "SINCE", "BY", "URL"], rows.map(\.cells),
                            style: .standardOutput
                        ).text)
                }
                return .success
            }
        }

        private struct Row: Encodable {
            let ref: ProcessorRef
            let app: ObservedApp

            init(_ ref: ProcessorRef, _ app: ObservedApp) {
                self.ref = ref
                self.app = app
            }

            var cells: [String] {
                [
                    ref.description, app.name, String(app.version), app.digest?.short ?? "-", app.deployedAt ?? "-",
                    app.deployedBy ?? "-", app.functions.first?.url ?? "-",
                ]
            }
        }
    }

    struct LogsCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "logs", abstract: "Print what a processor's containers wrote.")

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("How many of the last lines.", valueName: "n"))
        var tail = 100

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (_, modal, name) = try await target.open()
                for entry in try await modal.platform.logs(name.app, entries: tail) {
                    Output.piece(entry.text.hasSuffix("\n") ? entry.text : entry.text + "\n")
                }
                return .success
            }
        }
    }

    struct URLCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "url", abstract: "Print where a processor's endpoint is.")

        @OptionGroup var target: Target

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (_, modal, name) = try await target.open()
                Output.result(try await modal.platform.lookup(name).url)
                return .success
            }
        }
    }

    struct VerifyDigestCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify-digest", abstract: "Check that what is deployed is what is pinned.",
            discussion:
                "The digest in the app's tags has to be the pinned one, and the image that runs the one bound to it.")

        @OptionGroup var target: Target

        @Option(
            help: ArgumentHelp("The image to expect, in place of the pinned one.", valueName: "repository@sha256:…"))
        var oci: String?

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (source, modal, name) = try await target.open()
                let expected = try await expected(source)
                let endpoint = try await modal.platform.lookup(name)
                guard endpoint.digest == expected else {
                    throw Failure(
                        .registryMismatch,
                        "\(name.app) runs \(endpoint.digest?.description ?? "no digest that it tells of"), not \(expected)",
                        remedy:
                            "Deploy what is pinned: pinion modalctl start --ref \(target.ref) --env \(source.environment.name)"
                    )
                }
                guard endpoint.imageID == endpoint.boundImageID else {
                    throw Failure(
                        .registryMismatch,
                        "\(name.app) says that it runs \(expected.short), but its image \(endpoint.imageID) is not the one that is bound to it (\(endpoint.boundImageID ?? "none"))",
                        remedy: "Deploy it anew: pinion reconcile --env \(source.environment.name)")
                }
                Output.result("\(target.ref)  \(name.app) version \(endpoint.version) runs \(expected)")
                return .success
            }
        }

        private func expected(_ source: RegistrySource) async throws(Failure) -> DeploymentModel.Digest {
            if let oci {
                guard let digest = (try? ImageReference(oci))?.digest ?? (try? Digest(oci)) else {
                    throw Failure(.imageUnpinned, "\(oci) is neither an image by digest nor a digest")
                }
                return digest
            }
            let specified = source.catalog.processors.first { $0.ref == target.ref }?.image.pins
            guard
                let digest = (try await source.pins(try await source.records())[target.ref] ?? specified)?[.amd64]?
                    .digest
            else {
                throw Failure(
                    .imageUnpinned, "\(target.ref) is not pinned for linux/amd64",
                    remedy: "Pin it: pinion pin \(target.ref)")
            }
            return digest
        }
    }

    struct SyncSecretsCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sync-secrets", abstract: "Write the secrets that processors ask for to Modal.")

        @OptionGroup var sync: SecretSync

        func run() async throws {
            try await interruptible { () async throws(Failure) -> ExitCode in try await sync.run() }
        }
    }

    struct HistoryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history", abstract: "Show the versions of a processor's app, newest first.")

        @OptionGroup var target: Target

        @Flag(help: "Print it as JSON.")
        var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (_, modal, name) = try await target.open()
                let versions = try await modal.platform.history(name.app)
                if json {
                    Output.result(try JSONText(versions).text)
                } else {
                    let cells = versions.map { version in
                        [
                            String(version.version), version.deployedAt ?? "-", version.deployedBy ?? "-",
                            version.tag ?? "-",
                        ]
                    }
                    Output.view(TableText(["VERSION", "DEPLOYED", "BY", "TAG"], cells, style: .standardOutput).text)
                }
                return .success
            }
        }
    }

    struct RollbackCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rollback", abstract: "Make an older version of a processor's app live again.",
            discussion: """
                For an emergency: it acts on Modal alone. What is pinned and recorded stays as it is, so drift tells of \
                it, and the next reconcile deploys what is pinned.
                """)

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("The version. Default: the one before.", valueName: "n"))
        var to: Int?

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (source, modal, name) = try await target.open()
                let version = try await modal.platform.rollback(name.app, to: to)
                Output.result("\(target.ref)  \(name.app) is at version \(version)")
                Output.note("note: 'pinion reconcile --env \(source.environment.name)' deploys what is pinned again")
                return .success
            }
        }
    }
}

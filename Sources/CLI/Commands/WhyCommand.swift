import ArgumentParser
import DeploymentModel
import Git
import Records
import RegistryCatalog

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say what runs, from which inputs, and what changed in them since.",
        discussion: """
            Compares the inputs that are recorded for the environment (or, without a record, those of the newest pin \
            commit) with the inputs at a revision, part by part, each with the commit that changed it.
            """)

    @Argument(help: "The processor: ns/name@version.") var ref: ProcessorRef
    @OptionGroup var options: RevisionOptions
    @Option(help: ArgumentHelp("The environment.", valueName: "name")) var env = "local"
    @Flag(help: "Print it as JSON.") var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let repository = try await options.open()
            let build = try await ProcessorBuild(of: ref, at: options.rev ?? "HEAD", in: repository)
            let document = try await document(build, in: repository)
            Output.result(json ? try JSONText(document).text : WhyText(document, style: .standardOutput).text)
            return .success
        }
    }

    private func document(
        _ build: ProcessorBuild, in repository: GitRepository
    ) async throws(Failure) -> WhyDocument {
        let record = try await GitStateStore(reading: repository).records(of: env)[ref]
        let pinned: PinTrailers?
        do throws(GitError) {
            pinned = try await PinTrailers.newest(
                of: ref, at: build.spec.path, from: build.commit.id, in: repository)
        } catch { throw Failure(.git, error.message) }
        var document = WhyDocument(build, environment: env, record: record, pinned: pinned)
        // A pin commit has the inputs that it pins: pins are no part of them.
        let (commit, keys) =
            record.map { ($0.desired.commit, $0.desired.keys) } ?? (pinned?.commit.id.hex, pinned?.keys)
        guard let commit, let keys, let now = build.inputs else { return document }
        guard now.keys != keys else {
            document.changes = []
            return document
        }
        let old: ProcessorBuild
        do throws(Failure) {
            old = try await ProcessorBuild(of: ref, at: commit, in: repository)
        } catch {
            document.note = "what was built from \(commit.prefix(7)) can't be read any more: \(error.message)"
            return document
        }
        guard let then = old.inputs else {
            document.note = "at \(commit.prefix(7)) it was not built here"
            return document
        }
        if then.keys != keys {
            document.note = "the recorded key was computed in another way, by another version of Pinion"
        }
        do throws(GitError) {
            let difference = try await InputKeyDifference(
                from: then.context, at: old.commit.id, to: now.context, at: build.commit.id, spec: build.spec.path,
                in: repository)
            document.changes = difference.changes.map(WhyDocument.Change.init)
        } catch { throw Failure(.git, error.message) }
        return document
    }
}

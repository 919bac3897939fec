import ArgumentParser
import DeploymentModel
import Git
import Records

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a processor runs as it does, or does not.",
        discussion: """
            Follows it from the environment back to the branch, through the environments that take over from one another: \
            inputs and what changed in them, builds, pin, evidence, promotion, deployment. All of it is read out of git; a \
            clone with refs/pinion/* is enough. Without a record the inputs are compared with those of the newest pin commit.

            pinion why llm/litellm@1 --env main
            pinion why llm/litellm@1 --env staging --remote origin --json
            """)

    @Argument(help: "The processor, as ns/name@ver.") var ref: ProcessorRef
    @Option(
        help: ArgumentHelp("The git repository: a path, bare or not, or a URL.", valueName: "path or url"),
        completion: .directory)
    var repo = "."
    @Option(
        help: ArgumentHelp(
            "Look at this remote of the repository instead: origin. Where it can't be reached, at what was fetched last.",
            valueName: "name"))
    var remote: String?
    @Option(
        help: ArgumentHelp(
            "The revision whose inputs are looked at. Default: what the environment reads.", valueName: "rev"))
    var rev: String?
    @OptionGroup var state: StateRepositoryOptions
    @Option(help: ArgumentHelp("The environment.", valueName: "name"), completion: CatalogCompletion.environments)
    var env = "local"
    @Flag(help: "Print it as JSON.") var json = false
    @Flag(help: "Exit with 2 when the environment does not run what it wants.") var detailedExitcode = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let (references, branch, seen) = try await open()
            let reader = WhyReader(
                ref: ref, references: references, state: try await state.references(besides: references),
                branch: branch, repo: repo)
            let document = try await reader.read(env, at: rev, seen: seen)
            try Output.show(document, asJSON: json, WhyText(document, style: .standardOutput).text)
            return detailedExitcode && document.state == .blocked ? ExitCode(2) : .success
        }
    }

    /// The repository, and how new it is.
    private func open() async throws(Failure) -> (SharedReferences, branch: String?, WhyDocument.Seen) {
        do throws(GitError) {
            let place = try await RepositoryPlace(repo, remote: remote)
            do throws(GitError) {
                let references = try await place.references()
                let isFetched = place.address != nil
                let seen = WhyDocument.Seen(
                    place: references.address ?? repo, isFetched: isFetched,
                    time: isFetched ? Timestamp(seconds: Session.now()).text : nil, reason: nil)
                return (references, place.branch, seen)
            } catch {
                guard error.kind == .unreachable || error.kind == .unauthorized, let last = try await place.lastCopy()
                else { throw error }
                let seen = WhyDocument.Seen(
                    place: try await last.repository.address(ofRemote: "origin"), isFetched: false,
                    time: Timestamp(seconds: Int(last.time)).text, reason: error.message)
                return (SharedReferences(of: last.repository), place.branch, seen)
            }
        } catch { throw RevisionOptions.failure(error, repo: repo, missing: RevisionOptions.noCommit) }
    }
}

import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import JSON
import Records
import RegistryCatalog

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve what would be promoted into an environment.",
        discussion: """
            The approval is a commit that git signs with your key (gpg.format ssh, user.signingKey). It counts when that \
            key is in the environment's file of allowed signers, at the tip of the branch of the specs; and for this \
            revision alone. It lies beside the records: in the state repository, where there is one.
            """)

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: ArgumentHelp("The processors.", valueName: "ref"))
    var refs: [ProcessorRef]

    func validate() throws {
        guard options.env != nil else { throw ValidationError("Name the environment that it is for with --env.") }
        guard !refs.isEmpty else { throw ValidationError("Name the processors.") }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let target = try await Workspace(options)
            guard let from = target.environment.promotesFrom else {
                throw Failure(.predicate, "nothing is promoted into '\(target.environment.name)'")
            }
            let source = try await Workspace(options.at(from))
            let author = Authorship(
                environment: ProcessInfo.processInfo.environment, in: RepositoryPlace.path(options.repo),
                otherwise: Identity(name: "Pinion", email: "pinion@localhost"), alwaysSigns: true)
            let approvals = GitApprovals(target.state, environment: target.environment.name)
            for ref in refs {
                guard let revision = source.records[ref]?.applied else {
                    throw Failure(.functionNotFound, "'\(from)' has never run \(ref)")
                }
                try await approvals.approve(
                    ref, unit: try PromotionUnit(ref, revision, to: target.environment.name).id, revision: revision,
                    run: RunID.new(), as: author, time: Int64(Session.now()))
                let digest = revision.pins[.amd64]?.digest?.short ?? "?"
                Output.view(
                    "\(ref)  approved for \(target.environment.name): \(digest) of \(revision.commit.prefix(7))")
            }
            return .success
        }
    }
}

/// What an approval is for.
struct PromotionUnit {
    /// 64 hexadecimal digits: SHA-256 of the canonical JSON (RFC 8785).
    let id: String

    init(_ ref: ProcessorRef, _ revision: RefRecord.Revision, to environment: String) throws(Failure) {
        let pins = Dictionary(revision.pins.map { ($0.key.rawValue, JSONValue.string($0.value.description)) }) { $1 }
        let unit: JSONValue = [
            "ref": .string(ref.description), "environment": .string(environment), "commit": .string(revision.commit),
            "spec": .string(revision.specHash), "pins": .object(pins),
        ]
        do throws(JSONError) { id = try unit.sha256().hex } catch { throw Failure(.spec, error.message) }
    }
}

extension Workspace {
    /// Who approved what of a source's records for this environment.
    ///
    /// - Throws: `Failure` with `ERR_PREDICATE` when the file of allowed signers is not there.
    func approvals(of records: [ProcessorRef: RefRecord]) async throws(Failure) -> [ProcessorRef: [String]] {
        try await Approvals(of: environment, catalog: catalog, specs: repository, in: state).approvals(of: records)
    }
}

/// The approvals for an environment, by the allowed signers of a commit.
struct Approvals {
    private let environment: EnvironmentSpec
    private let catalog: Catalog
    private let specs: GitRepository
    private let state: SharedReferences

    /// - Parameters:
    ///   - catalog: of the commit whose file of allowed signers counts.
    ///   - specs: has that commit.
    ///   - state: has the approvals.
    init(of environment: EnvironmentSpec, catalog: Catalog, specs: GitRepository, in state: SharedReferences) {
        self.environment = environment
        self.catalog = catalog
        self.specs = specs
        self.state = state
    }

    /// Who approved what of a source's records.
    ///
    /// - Throws: `Failure` with `ERR_PREDICATE` when the file of allowed signers is not there.
    func approvals(of records: [ProcessorRef: RefRecord]) async throws(Failure) -> [ProcessorRef: [String]] {
        let gate = environment.gate
        guard gate.approvals > 0 else { return [:] }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.path + "/allowed_signers"
        do throws(GitError) {
            guard let entry = try await specs.file(at: gate.allowedSigners, in: catalog.commit.id) else {
                throw GitError(.notFound, "it is not there")
            }
            let bytes = try await specs.blob(entry.id)
            guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
                throw GitError(.other, "it can't be written to \(folder.path)")
            }
        } catch {
            throw Failure(
                .predicate,
                "'\(environment.name)' asks for approvals, and \(gate.allowedSigners) can't be read: \(error.message)",
                remedy: "Commit the file: a line per person, 'ada@example.com ssh-ed25519 AAAA…'.")
        }
        let approvals = GitApprovals(state, environment: environment.name)
        var found: [ProcessorRef: [String]] = [:]
        for (ref, record) in records {
            guard let revision = record.applied else { continue }
            found[ref] = try await approvals.approvers(
                of: ref, unit: try PromotionUnit(ref, revision, to: environment.name).id, allowedSigners: file,
                environment: ProcessInfo.processInfo.environment)
        }
        return found
    }
}

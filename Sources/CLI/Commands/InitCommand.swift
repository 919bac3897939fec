import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Propose what a git repository lacks to be one that Pinion works on, and write it.",
        discussion: """
            Looks at the working tree, with what is not committed: a spec for each Dockerfile that starts a server of \
            /healthz and /run, pipelines/environments.yaml, lanes for the environments, and the schemas that these name to \
            editors. Everything is shown first; nothing is written without a yes, and nothing that is there is written \
            over. With --registry there are environments on Modal, too.

            pinion init
            pinion init --registry ghcr.io/acme --namespace text --yes
            """)

    @Option(
        help: ArgumentHelp("The repository: a path with a working tree.", valueName: "path"), completion: .directory)
    var repo = "."

    @Option(
        help: ArgumentHelp(
            "The namespace of processors whose folders name none. Default: the repository's name.", valueName: "name"))
    var namespace: String?

    @Option(help: ArgumentHelp("An OCI registry that Modal reaches, as ghcr.io/acme.", valueName: "registry"))
    var registry: String?

    @Flag(help: "Write it without a question.")
    var yes = false

    @Flag(help: "Print the proposal as JSON.")
    var json = false

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let tree = try await WorkTree(repo)
            let proposal = try await tree.proposal(namespace: try name(tree), registry: try place())
            let document = InitDocument(proposal)
            try Output.show(document, asJSON: json, InitText(document, style: .standardOutput).text)
            guard !document.isEmpty else { return .success }
            let isWanted = yes ? true : await Confirmation.ask("Write it?")
            guard !Task.isCancelled else { return .failure }
            guard isWanted == true else {
                Output.note("Nothing was written. Write it with: pinion init --yes")
                return .success
            }
            try tree.write(document)
            Output.note(next(proposal))
            return .success
        }
    }

    private func name(_ tree: WorkTree) throws(Failure) -> String {
        let name = namespace ?? tree.name
        guard (try? ProcessorRef("\(name)/a@1")) != nil else {
            throw Failure(
                .spec, "'\(name)' is no namespace: lower-case letters, digits, '-' and '_'",
                remedy: "Name another one with --namespace.")
        }
        return name
    }

    /// - Throws: `Failure` with `ERR_SPEC` for what is no place of images.
    private func place() throws(Failure) -> String? {
        guard let registry else { return nil }
        do throws(GrammarError) {
            let image = try ImageReference("\(registry)/a")
            guard image.tag == nil, image.digest == nil, "\(registry)/a" == image.repository else {
                throw GrammarError(
                    expected: "OCI registry", text: registry, rule: "it is host, port and path: ghcr.io/acme")
            }
            return registry
        } catch { throw Failure(.spec, error.description, remedy: "For example: --registry ghcr.io/acme") }
    }

    private func next(_ proposal: RepositoryProposal) -> String {
        let files = proposal.files.map(\.path).map(\.shellQuoted)
        return """

            Next:
              1. Look at it, and say in each spec which secrets it needs.
              2. Judge it:    pinion validate --worktree
              3. Commit it:   git add \(files.joined(separator: " ")) && git commit
              4. Plan:        pinion plan
            """
    }
}

/// What 'init' would write.
struct InitDocument: Encodable {
    let format = "pinion.init/1"
    let files: [RepositoryProposal.File]
    let omissions: [RepositoryProposal.Omission]

    init(_ proposal: RepositoryProposal) {
        files = proposal.files
        omissions = proposal.omissions
    }

    var isEmpty: Bool { files.isEmpty }
}

/// The proposal for people: every file as it would be.
struct InitText {
    let text: String

    init(_ document: InitDocument, style: Style) {
        var lines: [String] = []
        for file in document.files {
            lines.append("\(style.green("+")) \(style.bold(file.path.printable))  \(style.dim(file.reason.printable))")
            // A schema is long, and the same everywhere.
            if file.path.hasSuffix(".schema.json") { continue }
            lines += file.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .map { $0.isEmpty ? "" : "    \(String($0).printable)" }
        }
        for omission in document.omissions {
            lines.append("\(style.dim("=")) \(omission.path.printable)  \(style.dim("no spec: \(omission.reason)"))")
        }
        if document.isEmpty { lines.append("Nothing to write: the repository has all that it needs.") }
        text = lines.joined(separator: "\n")
    }
}

/// A repository with a working tree that files can be written to.
struct WorkTree {
    /// The folder of the working tree.
    let path: String
    private let repository: GitRepository

    /// - Throws: `Failure` with `ERR_GIT` when there is none.
    init(_ place: String) async throws(Failure) {
        guard let program = GitProgram(environment: ProcessInfo.processInfo.environment) else {
            throw Failure(.git, "git is not installed")
        }
        do throws(GitError) {
            repository = try await RepositoryPlace(place).references().repository
        } catch { throw RevisionOptions.failure(error, repo: place) }
        guard let root = program.run(["rev-parse", "--show-toplevel"], in: place), root.status == 0 else {
            throw Failure(.git, "\(place) has no working tree", remedy: "Name a checkout with --repo.")
        }
        path = root.text.last == "\n" ? String(root.text.dropLast()) : root.text
    }

    /// The folder's name, as a namespace may read.
    var name: String {
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        return RepositoryProposal.namespace(last) ?? "app"
    }

    func proposal(namespace: String, registry: String?) async throws(Failure) -> RepositoryProposal {
        do throws(GitError) {
            let catalog = try await Catalog(of: repository.workTreeCommit(), in: repository)
            let branch = try await repository.headBranch() ?? "main"
            return try await RepositoryProposal(
                catalog, in: repository,
                RepositoryProposal.Choices(namespace: namespace, registry: registry, branch: branch))
        } catch { throw RevisionOptions.failure(error, repo: path) }
    }

    /// Writes the files, none of them over another, and none through a symbolic link: it may lead out of the repository.
    ///
    /// - Throws: `Failure` with `ERR_SPEC`; files that were written before stay.
    func write(_ document: InitDocument) throws(Failure) {
        for file in document.files {
            let place = "\(path)/\(file.path)"
            let parents = file.path.split(separator: "/").dropLast().joined(separator: "/")
            try SymbolicLink.refuse(on: parents, below: path, .spec)
            do {
                let folder = place.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                try FileManager.default.createDirectory(
                    atPath: folder.joined(separator: "/"), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: URL(filePath: place), options: .withoutOverwriting)
                Output.note("wrote \(file.path)")
            } catch { throw Failure(.spec, "\(file.path) can't be written: \(error)") }
        }
    }
}

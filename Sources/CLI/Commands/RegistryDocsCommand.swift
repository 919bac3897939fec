import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import Records
import RegistryCatalog

struct RegistryDocsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs",
        abstract: "Write pages about the registry in Markdown: an index, and a page for every spec.",
        discussion: """
            Reads the branch tip (never the working tree) and the environments' records. The same commit and records give \
            the same bytes. Pages of specs that are gone are removed; files that somebody else wrote are never touched.
            """)

    @Option(help: ArgumentHelp("The git repository, bare or not.", valueName: "path"))
    var repo = "."

    @Option(help: ArgumentHelp("The branch whose tip is read. Default: the one that HEAD names.", valueName: "name"))
    var branch: String?

    @Option(name: [.short, .long], help: ArgumentHelp("The folder that the pages go to.", valueName: "folder"))
    var output = "docs/registry"

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let (catalog, repository) = try await catalog()
            for diagnostic in catalog.diagnostics where diagnostic.severity == .error {
                let source = catalog.sources[diagnostic.file]
                Output.note(DiagnosticText(diagnostic, source: source, style: .standardError).text + "\n")
            }
            if catalog.hasErrors {
                throw Failure(
                    .spec, "the registry of \(catalog.commit.id.hex.prefix(7)) has errors, so no page was written",
                    remedy: "A page that is missing would look like a spec that is gone. Mend the specs first.")
            }
            let pages = RegistryPages(catalog, deployments: try await deployments(catalog, repository))
            let folder = PageFolder(path: output)
            let changes = try folder.write(pages)
            for (path, change) in changes { Output.note("\(change.rawValue) \(output)/\(path)") }
            if changes.isEmpty { Output.note("\(counted(pages.files.count, "page")), nothing to write") }
            Output.result("\(output)/\(RegistryPages.index)")
            return .success
        }
    }

    private func catalog() async throws(Failure) -> (Catalog, GitRepository) {
        do throws(GitError) {
            let repository = try GitRepository(at: repo)
            let name = if let branch { branch } else { try await repository.headBranch() }
            let commit = try await repository.commit(at: name.map { "refs/heads/\($0)" } ?? "HEAD")
            return (try await Catalog(of: commit, in: repository), repository)
        } catch {
            let remedy: String? =
                switch error.kind {
                case .notARepository: "Go into one, or name one with --repo PATH."
                case .foreignOwner: "If you trust it: git config --global --add safe.directory \(repo)"
                case .notFound, .invalid: branch == nil ? "Commit something first." : "See: git branch --list"
                default: nil
                }
            throw Failure(.git, error.message, remedy: remedy)
        }
    }

    /// What the environments that this registry knows run, as their records say.
    private func deployments(
        _ catalog: Catalog, _ repository: GitRepository
    ) async throws(Failure) -> [RegistryPages.Deployment] {
        let store = GitStateStore(repository, as: Identity(name: "Pinion", email: "pinion@localhost")) { 0 }
        var deployments: [RegistryPages.Deployment] = []
        for environment in Set(catalog.environments.map(\.name) + ["local", "dev", "staging", "main"]).sorted() {
            for (ref, record) in try await store.records(of: environment) {
                guard let applied = record.applied else { continue }
                for (platform, image) in applied.pins where platform == (record.binding?.platform ?? platform) {
                    guard let digest = image.digest else { continue }
                    deployments.append(
                        RegistryPages.Deployment(
                            environment: environment, ref: ref, platform: platform, digest: digest.description,
                            commit: applied.commit))
                }
            }
        }
        return deployments
    }
}

/// A folder that pages are written to.
struct PageFolder {
    enum Change: String { case wrote, removed }

    let path: String

    /// Writes what differs, then removes pages of specs that are gone.
    ///
    /// - Returns: what was changed, sorted by path.
    /// - Throws: `Failure` when a file stands in the way that is no page, before anything is written.
    func write(_ pages: RegistryPages) throws(Failure) -> [(path: String, change: Change)] {
        var changes: [(path: String, change: Change)] = []
        for (file, text) in pages.files.sorted(by: { $0.key < $1.key }) {
            let old = FileManager.default.contents(atPath: "\(path)/\(file)")
            if let old, !RegistryPages.isPage(old) {
                throw Failure(
                    .spec, "\(path)/\(file) is there already, and is no page that Pinion wrote",
                    remedy: "Move it away, or write the pages elsewhere with --output FOLDER.")
            }
            if old != Data(text.utf8) { changes.append((file, .wrote)) }
        }
        for (file, _) in changes { try write(pages.files[file] ?? "", to: file) }
        return (changes + (try removeStale(pages))).sorted { $0.path < $1.path }
    }

    private func write(_ text: String, to file: String) throws(Failure) {
        let place = "\(path)/\(file)"
        let folder = place.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: place), options: .atomic)
        } catch { throw Failure(.spec, "\(place) cannot be written: \(error)") }
    }

    private func removeStale(_ pages: RegistryPages) throws(Failure) -> [(path: String, change: Change)] {
        var removed: [(path: String, change: Change)] = []
        for file in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        where file.hasSuffix(".md") && pages.files[file] == nil {
            guard let bytes = FileManager.default.contents(atPath: "\(path)/\(file)"), RegistryPages.isPage(bytes)
            else { continue }
            do {
                try FileManager.default.removeItem(atPath: "\(path)/\(file)")
            } catch { throw Failure(.spec, "\(path)/\(file) cannot be removed: \(error)") }
            removed.append((file, .removed))
        }
        return removed
    }
}

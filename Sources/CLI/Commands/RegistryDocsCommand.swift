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
            Reads a revision (never the working tree) and the records of all environments. The same commit and records \
            give the same bytes. A --snapshot that is a file has no records, so its pages name no deployments.

            Pages of specs that are gone are removed; files that somebody else wrote are never touched.
            """)

    @OptionGroup var registry: RegistryOptions

    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder that the pages go to.", valueName: "folder"),
        completion: .directory)
    var output = "docs/registry"

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let source = try await registry.source()
            let catalog = source.catalog
            for diagnostic in catalog.diagnostics where diagnostic.severity == .error {
                let source = catalog.sources[diagnostic.file]
                Output.note(DiagnosticText(diagnostic, source: source, style: .standardError).text + "\n")
            }
            if catalog.hasErrors {
                let name = registry.snapshot ?? catalog.commit.id.short
                throw Failure(
                    .spec, "the registry of \(name) has errors, so no page was written",
                    remedy: "A page that is missing would look like a spec that is gone. Mend the specs first.")
            }
            let pages = RegistryPages(catalog, deployments: try await deployments(source))
            let folder = PageFolder(path: output)
            let changes = try folder.write(pages)
            for (path, change) in changes { Output.note("\(change.rawValue) \(output)/\(path)") }
            if changes.isEmpty { Output.note("\(counted(pages.files.count, "page")), nothing to write") }
            Output.result("\(output)/\(RegistryPages.index)")
            return .success
        }
    }

    /// What every environment runs, described in this registry or not, as its records say.
    private func deployments(_ source: RegistryOptions.Source) async throws(Failure) -> [RegistryPages.Deployment] {
        guard case .repository(_, let repository) = source else { return [] }
        let store = GitStateStore(reading: repository)
        var deployments: [RegistryPages.Deployment] = []
        for environment in try await store.environments() {
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

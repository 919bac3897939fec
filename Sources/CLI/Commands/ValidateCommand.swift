import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import Records
import RegistryCatalog

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Say everything that is wrong with a registry, and how to mend it.",
        discussion: """
            Looks at git alone. With --base only what a change is answerable for is said: findings in the files that it \
            touches, and findings that were not there before. A --snapshot that is a file is judged without git: what \
            needs sources, history or records is left out, and that is said. Exits with 1 when there is an error.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json, sarif, github
    }

    @OptionGroup var registry: RegistryOptions

    @Flag(help: "Read the working tree, with what is not committed, instead of a revision.")
    var worktree = false

    @Option(help: ArgumentHelp("Only what changed since the merge base with this revision.", valueName: "rev"))
    var base: String?

    @Option(help: "text, json, sarif, or github (workflow annotations).")
    var format: Format?

    func validate() throws {
        guard !worktree || (options.rev == nil && registry.snapshot == nil) else {
            throw ValidationError("--worktree excludes --rev and --snapshot.")
        }
        guard base == nil || registry.snapshot == nil else {
            throw ValidationError("--base and --snapshot exclude each other.")
        }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let validation: Validation
            switch try await source() {
            case .snapshot(let catalog):
                validation = Validation(ofSpecsAloneIn: catalog)
                show(validation, catalog, catalog.sources)
                Output.note(
                    "A snapshot holds specs alone: whether builds find their files, and whether published versions "
                        + "changed, was not looked at.")
            case .repository(let catalog, let repository):
                let all = try await judge(catalog, repository)
                validation = if let base { try await since(base, all, catalog, repository) } else { all }
                show(validation, catalog, try await sources(of: validation, catalog, repository))
            }
            return validation.hasErrors ? .failure : .success
        }
    }

    private var options: RevisionOptions { registry.revision }

    private func source() async throws(Failure) -> RegistryOptions.Source {
        guard worktree else { return try await registry.source() }
        let repository = try await options.open()
        do throws(GitError) {
            return .repository(try await Catalog(of: repository.workTreeCommit(), in: repository), repository)
        } catch { throw options.failure(error) }
    }

    private func judge(_ catalog: Catalog, _ repository: GitRepository) async throws(Failure) -> Validation {
        let store = GitStateStore(reading: repository)
        var publications: [ImmutabilityCheck.Publication] = []
        for environment in ["staging", "main"] {
            for (ref, record) in try await store.records(of: environment) {
                guard let commit = record.applied?.commit else { continue }
                publications.append(
                    ImmutabilityCheck.Publication(ref: ref, environment: environment, commit: commit))
            }
        }
        return try await Validation(catalog, in: repository, publications: publications)
    }

    private func since(
        _ base: String, _ validation: Validation, _ catalog: Catalog, _ repository: GitRepository
    ) async throws(Failure) -> Validation {
        let start: ObjectID
        let paths: [String]
        do throws(GitError) {
            let other = try await repository.commit(at: base).id
            // A working tree hangs below HEAD, so its history is that of its parent.
            let tip = worktree ? catalog.commit.parents.first ?? catalog.commit.id : catalog.commit.id
            start = try await repository.mergeBase(other, tip) ?? other
            paths = try await repository.changedPaths(from: start, to: catalog.commit.id).map { $0.path }
        } catch { throw options.failure(error) }
        let before = try await options.catalog(at: start.hex, in: repository)
        return validation.since(try await judge(before, repository), touching: Set(paths))
    }

    /// The texts of the files that have findings: those of later checks are not in the catalog.
    private func sources(
        of validation: Validation, _ catalog: Catalog, _ repository: GitRepository
    ) async throws(Failure) -> [String: [UInt8]] {
        var sources = catalog.sources
        do throws(GitError) {
            for file in Set(validation.diagnostics.map(\.file)) where sources[file] == nil {
                guard let entry = try await repository.file(at: file, in: catalog.commit.id),
                    entry.mode == .file || entry.mode == .executable
                else { continue }
                sources[file] = try await repository.blob(entry.id, atMost: 1 << 20).bytes
            }
        } catch { throw options.failure(error) }
        return sources
    }

    private func show(_ validation: Validation, _ catalog: Catalog, _ sources: [String: [UInt8]]) {
        switch format ?? standardFormat {
        case .json: Output.result(DiagnosticDocument(validation.diagnostics).json)
        case .sarif: Output.result(SARIF(validation.diagnostics).text)
        case .github: for diagnostic in validation.diagnostics { Output.result(Annotation(diagnostic).text) }
        case .text:
            for diagnostic in validation.diagnostics {
                let source = sources[diagnostic.file]
                Output.result(DiagnosticText(diagnostic, source: source, style: .standardOutput).text + "\n")
            }
        }
        Output.note(summary(validation, catalog))
    }

    /// In a GitHub workflow, annotations are what people see.
    private var standardFormat: Format {
        ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" ? .github : .text
    }

    private func summary(_ validation: Validation, _ catalog: Catalog) -> String {
        let counts = [Diagnostic.Severity.error, .warning, .note].compactMap { severity in
            let count = validation.diagnostics.count { $0.severity == severity }
            return count == 0 ? nil : counted(count, severity.rawValue)
        }
        let what = "\(counted(catalog.processorFiles, "processor")), \(counted(catalog.supports.count, "other spec"))"
        let source = worktree ? "the working tree" : registry.snapshot ?? String(catalog.commit.id.short)
        return "\(source): \(what): \(counts.isEmpty ? "nothing to say" : counts.joined(separator: ", "))"
    }
}

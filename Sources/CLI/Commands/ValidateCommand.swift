import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Say everything that is wrong with a registry.",
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
            let subject = try await subject()
            let validation: Validation
            var sources: [String: [UInt8]] = [:]
            switch subject {
            case .snapshot(let catalog):
                validation = Validation(ofSpecsAloneIn: catalog)
                sources = catalog.sources
            case .commit(let commit, let repository):
                validation = try await judge(commit, repository)
                sources = try await self.sources(of: validation, at: commit, repository)
            }
            show(validation, subject, sources)
            return validation.hasErrors ? .failure : .success
        }
    }

    private enum Subject {
        case commit(Commit, GitRepository)
        case snapshot(Catalog)
    }

    private var options: RevisionOptions { registry.revision }

    private func subject() async throws(Failure) -> Subject {
        if registry.snapshot != nil {
            switch try await registry.source() {
            case .repository(let catalog, let repository): return .commit(catalog.commit, repository)
            case .snapshot(let catalog): return .snapshot(catalog)
            }
        }
        let repository = try await options.open()
        do throws(GitError) {
            if worktree { return .commit(try await repository.workTreeCommit(), repository) }
            return .commit(try await repository.commit(at: options.rev ?? "HEAD"), repository)
        } catch { throw options.failure(error) }
    }

    private func judge(_ commit: Commit, _ repository: GitRepository) async throws(Failure) -> Validation {
        guard let base else { return try await Validation(ofAllIn: commit, in: repository) }
        let start: Commit
        do throws(GitError) {
            let other = try await repository.commit(at: base)
            // A working tree hangs below HEAD, so its history is that of its parent.
            let tip = worktree ? commit.parents.first ?? commit.id : commit.id
            let common = try await repository.mergeBase(other.id, tip) ?? other.id
            start = try await repository.commit(at: common.hex)
        } catch { throw options.failure(error) }
        return try await Validation(ofAllIn: commit, since: start, in: repository)
    }

    /// The texts of the files that have findings.
    private func sources(
        of validation: Validation, at commit: Commit, _ repository: GitRepository
    ) async throws(Failure) -> [String: [UInt8]] {
        var sources: [String: [UInt8]] = [:]
        do throws(GitError) {
            for file in Set(validation.diagnostics.map(\.file)) {
                guard let entry = try await repository.file(at: file, in: commit.id),
                    entry.mode == .file || entry.mode == .executable
                else { continue }
                sources[file] = try await repository.blob(entry.id, atMost: 1 << 20).bytes
            }
        } catch { throw options.failure(error) }
        return sources
    }

    private func show(_ validation: Validation, _ subject: Subject, _ sources: [String: [UInt8]]) {
        switch format ?? standardFormat {
        case .json: Output.result(DiagnosticDocument(validation.diagnostics).json)
        case .sarif: Output.result(SARIF(validation.diagnostics, category: "pinion/validate/").text)
        case .github: Output.commands(Annotations(validation.diagnostics).lines, asResult: true)
        case .text:
            for diagnostic in validation.diagnostics {
                let source = sources[diagnostic.file]
                Output.view(DiagnosticText(diagnostic, source: source, style: .standardOutput).text + "\n")
            }
        }
        Output.note(summary(validation, subject))
        if case .snapshot = subject {
            Output.note(
                "A snapshot holds specs alone: whether builds find their files, and whether published versions "
                    + "changed, was not looked at.")
        }
    }

    /// In a GitHub workflow, annotations are what people see.
    private var standardFormat: Format {
        ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" ? .github : .text
    }

    private func summary(_ validation: Validation, _ subject: Subject) -> String {
        let counts = [Diagnostic.Severity.error, .warning, .note].compactMap { severity in
            let count = validation.diagnostics.count { $0.severity == severity }
            return count == 0 ? nil : counted(count, severity.rawValue)
        }
        let what =
            "\(counted(validation.processorFiles, "processor")), \(counted(validation.supportFiles, "other spec"))"
        let commit = if case .commit(let commit, _) = subject { commit.id.short } else { "" }
        let source = worktree ? "the working tree" : registry.snapshot ?? commit
        return "\(source): \(what): \(counts.isEmpty ? "nothing to say" : counts.joined(separator: ", "))"
    }
}

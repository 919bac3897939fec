package import DeploymentModel
package import Git

/// Everything that is to be said of a registry, without looking at anything but git.
package struct Validation: Sendable {
    /// Sorted by place.
    package let diagnostics: [Diagnostic]
    /// How many processor specs there are, broken ones too.
    package let processorFiles: Int
    /// How many other specs there are that can be read.
    package let supportFiles: Int
    /// How many files had to be read and parsed for this; the others had been judged before.
    package let readFiles: Int
    /// What was judged, for the next time.
    let judgements: [KnownJudgement]

    /// Judges the registry of a commit.
    ///
    /// - Parameters:
    ///   - publications: the versions that have been deployed to `staging` or `main`.
    ///   - cache: judgements of earlier runs, taken over where nothing has changed that they depend on.
    ///   - tasks: how many share the work.
    /// - Throws: `Failure` when git cannot be read.
    package init(
        of commit: Commit, in repository: GitRepository, publications: [ImmutabilityCheck.Publication] = [],
        cache: JudgementCache? = nil, tasks: Int = 2
    ) async throws(Failure) {
        let known = cache?.load(repository.gitDirectory) ?? [:]
        do throws(GitError) {
            self = try await Validation(commit, repository, publications, known, tasks, touching: nil)
        } catch { throw Failure(.git, error.message) }
        if readFiles > 0 { cache?.store(judgements, repository.gitDirectory) }
    }

    /// What the specs alone give to say: neither whether builds find their files nor whether published versions changed
    /// has been looked at.
    package init(ofSpecsAloneIn catalog: Catalog) {
        self.init(
            (catalog.diagnostics + catalog.pinDiagnostics()).sorted(), processors: catalog.processorFiles,
            supports: catalog.supports.count)
    }

    private init(
        _ diagnostics: [Diagnostic], processors: Int, supports: Int, read: Int = 0, judgements: [KnownJudgement] = []
    ) {
        self.diagnostics = diagnostics
        processorFiles = processors
        supportFiles = supports
        readFiles = read
        self.judgements = judgements
    }

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// - Parameter scope: the paths of the processors that are judged; `nil` for all.
    private init(
        _ commit: Commit, _ repository: GitRepository, _ publications: [ImmutabilityCheck.Publication],
        _ known: [String: KnownJudgement], _ tasks: Int, touching scope: ProcessorScope?
    ) async throws(GitError) {
        let listing = try await repository.listing(of: commit.id)
        let files = RegistryFiles(listing.entries)
        var judge = Judge(listing, in: repository, known: known, tasks: tasks)
        // The schemas of the registry come first.
        var judged = try await judge.judge(files.entries.filter { !$0.isProcessor })
        judged += try await judge.judge(files.entries.filter { $0.isProcessor && scope?.holds($0) != false })
        let judgements = judged.map(\.judgement)
        var diagnostics = files.diagnostics + judgements.flatMap(\.diagnostics)
        diagnostics += CrossChecks(judgements.map(\.facts)).diagnostics
        let broken = Set(diagnostics.lazy.filter { $0.severity == .error }.map(\.file))
        let sound = judgements.filter { $0.processor != nil && !broken.contains($0.path) }
        diagnostics += sound.flatMap { ($0.processor?.builds ?? []) + ($0.processor?.pins ?? []) }
        let paths = Dictionary(sound.compactMap { entry in entry.processor.map { ($0.ref, entry.path) } }) {
            first, _ in first
        }
        let check = ImmutabilityCheck(
            at: commit.id, isStrict: judgements.contains { $0.isStrict }, paths: paths, in: repository)
        diagnostics += try await check.findings(publications)
        self.init(
            diagnostics.sorted(), processors: files.entries.count { $0.isProcessor },
            supports: judgements.count { $0.support != nil }, read: judge.readFiles, judgements: judged)
    }

    /// What a change is answerable for: the findings in the files that it touches, and those that were not there before.
    package func since(_ base: Validation, touching paths: Set<String>) -> Validation {
        let old = Set(base.diagnostics.map { [$0.file, $0.code.rawValue, $0.message] })
        return Validation(
            diagnostics.filter { paths.contains($0.file) || !old.contains([$0.file, $0.code.rawValue, $0.message]) },
            processors: processorFiles, supports: supportFiles, read: readFiles + base.readFiles)
    }
}

extension Validation {
    /// What the change from one commit to another is answerable for. Where it touches processors' specs alone, no other
    /// processor is read, but for those whose names they could take.
    ///
    /// - Throws: `Failure` when git cannot be read.
    package init(
        ofChangeFrom base: Commit, to commit: Commit, in repository: GitRepository,
        publications: [ImmutabilityCheck.Publication] = [], cache: JudgementCache? = nil
    ) async throws(Failure) {
        do throws(GitError) {
            let paths = try await repository.changedPaths(from: base.id, to: commit.id).map(\.path)
            let scope = ProcessorScope(paths)
            // To read a few files is quicker than to read what is known of all.
            let known = scope == nil ? cache?.load(repository.gitDirectory) ?? [:] : [:]
            let before = try await Validation(base, repository, publications, known, 2, touching: scope)
            // What did not change between the two is judged once.
            let both = known.merging(before.judgements.map { ($0.judgement.path, $0) }) { $1 }
            let after = try await Validation(commit, repository, publications, both, 2, touching: scope)
            self = after.since(before, touching: Set(paths))
            if scope == nil, after.readFiles > 0 { cache?.store(after.judgements, repository.gitDirectory) }
        } catch { throw Failure(.git, error.message) }
    }
}

/// The processors that a change of some specs can concern.
private struct ProcessorScope {
    private let slugs: Set<String>

    /// `nil` for a change that can concern any: one of another file, which may be part of a build, or of another kind.
    init?(_ paths: [String]) {
        var slugs: Set<String> = []
        for path in paths {
            guard case .processor(let slug, _) = SpecPath(path) else { return nil }
            slugs.insert(slug)
        }
        self.slugs = slugs
    }

    /// Names are taken from specs whose places give them the same slug: a spec elsewhere is wrong by itself.
    func holds(_ entry: RegistryFiles.Entry) -> Bool {
        if case .processor(let slug, _) = entry.place { slugs.contains(slug) } else { false }
    }
}

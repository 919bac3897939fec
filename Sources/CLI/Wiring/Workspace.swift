import ContentCache
import DeploymentModel
import Git
import Records
import RegistryCatalog

/// What a command works on: a repository, the catalog of one of its commits, and an environment.
struct Workspace {
    let references: SharedReferences
    /// Where records and leases are.
    let state: SharedReferences
    let branch: String?
    let catalog: Catalog
    let environment: EnvironmentSpec
    /// Whose its containers are.
    let owner: ContainerOwner
    /// How its apps are named; `nil` where its target is not Modal.
    let names: AppNaming?
    var desired: DesiredState
    /// Everything that is wrong with the registry, sorted by place.
    let diagnostics: [Diagnostic]
    /// What is recorded of the environment.
    let records: [ProcessorRef: RefRecord]
    /// What was asked for while the registry was read, these records among it, for the rest of the run.
    let ahead: LookAhead
    /// The pins that count by ref, where they are not those of the specs.
    let pins: [ProcessorRef: [Platform: ImageReference]]
    /// The branch that pin commits go to, where they go to one.
    let pinBranch: String?
    /// Things that the user should know.
    let notes: [String]

    var repository: GitRepository { references.repository }

    /// How many files of the working tree differ from the commit that HEAD names, where that is what was read: they are not
    /// looked at.
    func uncommittedFiles() async -> Int {
        guard !repository.isBare, let head = try? await repository.commit(at: "HEAD"), head.id == catalog.commit.id,
            let tree = try? await repository.workTreeCommit(),
            let changes = try? await repository.changedPaths(from: head.id, to: tree.id)
        else { return 0 }
        return changes.count
    }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// - Parameters:
    ///   - revision: is read in place of the branch's tip.
    ///   - worktree: reads the working tree, with what is not committed, in place of the branch's tip.
    ///   - target: what the environment has to run on; `nil` for anything.
    ///   - listsContainers: whether the containers of the environment are about to be looked at.
    /// - Throws: `Failure` with `ERR_GIT` (no repository, no such branch) or `ERR_FUNCTION_NOT_FOUND` (no such
    ///   environment).
    init(
        _ options: WorkspaceOptions, at revision: String? = nil, worktree: Bool = false, on target: Target? = nil,
        listsContainers: Bool = false
    ) async throws(Failure) {
        let ahead = LookAhead(listsContainers: listsContainers)
        let source = try await RegistrySource(options, at: revision, worktree: worktree, on: target, ahead: ahead)
        let reader = DesiredStateReader(
            source.catalog, in: source.references.repository, environment: source.environment, names: source.names,
            cache: worktree ? nil : .ofUser(), prepared: ahead.builds)
        let records = try await source.records(ahead.records)
        let read = try await reader.read(
            branch: source.branch, pins: source.target.mode, pinned: source.target.pins, records: records)
        self.ahead = ahead
        references = source.references
        state = source.state
        branch = source.branch
        catalog = source.catalog
        environment = source.environment
        names = source.names
        owner = source.owner
        desired = read.state
        diagnostics = (source.catalog.diagnostics + read.diagnostics).sorted()
        self.records = records
        pins = try await source.pins(records)
        pinBranch = source.target.branch
        notes = source.target.notes
        Process.keep(self)
    }
}

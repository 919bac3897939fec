import DeploymentModel
import Git
import RegistryCatalog

/// The working tree as the loop sees it. It is read anew after each change; the registry only where a file of it changed.
struct DevTree {
    let repository: GitRepository
    /// The working tree's root, without a final slash.
    let root: String
    private(set) var catalog: Catalog
    private(set) var registry: RunnableRegistry
    /// What was read last: a commit that only the repository's handle knows.
    private(set) var commit: Commit
    /// Where the specs were that could be read once.
    private var paths: [ProcessorRef: String] = [:]

    /// - Throws: `Failure` with `ERR_GIT` where there is no repository, or none with a working tree.
    init(_ path: String) async throws(Failure) {
        do throws(GitError) {
            repository = try GitRepository(at: path)
            commit = try await repository.workTreeCommit()
            root = repository.workTree ?? path
            catalog = try await Catalog(of: commit, in: repository)
        } catch { throw RevisionOptions.failure(error, repo: path, missing: nil) }
        registry = try catalog.runnable()
        note()
    }

    /// Reads the working tree as it is now.
    ///
    /// - Returns: the paths that are not as they were.
    mutating func read() async throws(Failure) -> [String] {
        let changed: [String]
        do throws(GitError) {
            let now = try await repository.workTreeCommit()
            guard now.id != commit.id else { return [] }
            changed = try await repository.changedPaths(from: commit.id, to: now.id).map(\.path)
            if changed.contains(where: Catalog.reads) { catalog = try await Catalog(of: now, in: repository) }
            commit = now
        } catch { throw Failure(.git, error.message) }
        guard catalog.commit.id == commit.id else { return changed }
        registry = try catalog.runnable()
        note()
        return changed
    }

    private mutating func note() {
        for spec in catalog.processors { paths[spec.ref] = spec.path }
    }

    /// What a processor is now.
    func state(of ref: ProcessorRef) async -> DevState {
        guard let spec = catalog.processors.first(where: { $0.ref == ref }) else {
            let own = catalog.diagnostics.filter { $0.severity == .error && $0.file == paths[ref] }
            let errors = own.isEmpty ? catalog.diagnostics.filter { $0.severity == .error } : own
            guard errors.isEmpty else { return .broken(errors) }
            return .failed(Failure(.functionNotFound, "there is no \(ref) in the working tree"))
        }
        do throws(Failure) {
            let inputs = try await inputs(of: spec)
            let errors = inputs.context.diagnostics.filter { $0.severity == .error }
            guard errors.isEmpty else { return .broken(errors) }
            return .ready(try DevTarget(spec, inputs, commit, registry))
        } catch { return .failed(error) }
    }

    private func inputs(of spec: ProcessorSpec) async throws(Failure) -> BuildInputs {
        guard let build = spec.build, spec.image.track == nil else {
            throw Failure(
                .spec, "\(spec.ref) is not built here: its spec has no 'build'",
                remedy: "Run its pinned image: pinion run --ref \(spec.ref) --mode mock")
        }
        return try await BuildInputs(of: spec, build, at: commit.id, in: repository)
    }

    /// The folders that what a processor is depends on, with all below them or by themselves.
    func places(of ref: ProcessorRef) async -> [DevPlace] {
        let files = catalog.supports.map(\.path)
        guard let spec = catalog.processors.first(where: { $0.ref == ref }) else {
            let broken = catalog.diagnostics.filter { $0.severity == .error }.map(\.file)
            return (files + broken + [paths[ref]].compactMap(\.self)).map { DevPlace(around: $0, in: root) }
        }
        var places = (files + [spec.path]).map { DevPlace(around: $0, in: root) }
        if let recipe = try? await inputs(of: spec).context.recipe {
            places.append(DevPlace(folder: recipe.context, isDeep: true, in: root))
            places.append(DevPlace(around: recipe.dockerfile, in: root))
        }
        return places
    }
}

/// A folder to be watched.
struct DevPlace: Hashable {
    let folder: String
    let isDeep: Bool

    init(folder: String, isDeep: Bool, in root: String) {
        self.folder = folder.isEmpty ? root : "\(root)/\(folder)"
        self.isDeep = isDeep
    }

    /// The folder that a file is in, by itself.
    init(around file: String, in root: String) {
        self.init(folder: file.split(separator: "/").dropLast().joined(separator: "/"), isDeep: false, in: root)
    }
}

/// What a processor is in the working tree. Equal states need no other run.
enum DevState: Hashable {
    case ready(DevTarget)
    /// By its spec, or its Dockerfile.
    case broken([Diagnostic])
    case failed(Failure)
}

/// What is built and tested of a processor.
struct DevTarget: Sendable {
    let processor: Processor
    let recipe: BuildRecipe
    let registry: RunnableRegistry
    let key: InputKey

    init(
        _ spec: ProcessorSpec, _ inputs: BuildInputs, _ commit: Commit, _ registry: RunnableRegistry
    ) throws(Failure) {
        processor = try spec.processor()
        guard let key = inputs.keys[.host] else { throw Failure(.spec, "\(spec.ref) has no key for \(Platform.host)") }
        self.key = key
        self.registry = registry
        let recipe = inputs.context.recipe
        self.recipe = BuildRecipe(
            // Such an image is pushed nowhere.
            repository: ImageReference(registry: "localhost", path: "pinion-dev/\(spec.ref.refSlug)"),
            commit: commit.id.hex, context: recipe.context, dockerfile: recipe.dockerfile, args: recipe.args,
            target: recipe.target, keys: inputs.keys, options: spec.build?.options ?? BuildOptions())
    }
}

extension DevTarget: Hashable {
    /// Pins and commits differ without anything else to be seen.
    static func == (left: Self, right: Self) -> Bool {
        left.key == right.key && left.processor.specHash == right.processor.specHash
            && left.recipe.options == right.recipe.options && left.registry.schemas == right.registry.schemas
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(processor.specHash)
    }
}

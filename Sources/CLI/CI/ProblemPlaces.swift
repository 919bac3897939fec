import DeploymentModel
import Git
import RegistryCatalog

/// A place in a file of the repository; the numbers count from 1.
struct SourcePlace: Hashable {
    let file: String
    var line: Int?
    var column: Int?
}

/// Finds where the cause of a failure stands: the line of the Dockerfile at which a build ended, else the part of the spec
/// that the failure is about.
struct ProblemPlaces {
    private let catalog: Catalog
    private let repository: GitRepository
    private let dockerfiles: [ProcessorRef: String]

    /// - Parameter processors: tell which Dockerfiles they are built from.
    init(_ catalog: Catalog, in repository: GitRepository, of processors: [DesiredProcessor]) {
        self.catalog = catalog
        self.repository = repository
        dockerfiles = Dictionary(
            processors.compactMap { processor in
                if case .build(let recipe) = processor.source { (processor.ref, recipe.dockerfile) } else { nil }
            }
        ) { first, _ in first }
    }

    init(_ workspace: Workspace) {
        self.init(workspace.catalog, in: workspace.repository, of: workspace.desired.processors)
    }

    /// - Parameter file: the place of what concerns no processor of the registry.
    func place(of failure: Failure, _ ref: ProcessorRef?, otherwise file: String) async -> SourcePlace {
        guard let ref, let spec = catalog.processors.first(where: { $0.ref == ref }) else {
            return SourcePlace(file: file)
        }
        if failure.code == .imageBuild, let spot = failure.dockerfile, let path = dockerfiles[ref] {
            let line = spot.line(in: Array(await text(of: path).utf8))
            return SourcePlace(file: path, line: line)
        }
        let found = SpecPart.place(of: failure.code, in: Array(await text(of: spec.path).utf8))
        return SourcePlace(file: spec.path, line: found?.line, column: found?.column)
    }

    private func text(of path: String) async -> String {
        guard let entry = try? await repository.file(at: path, in: catalog.commit.id),
            entry.mode == .file || entry.mode == .executable,
            let blob = try? await repository.blob(entry.id, atMost: 1 << 20)
        else { return "" }
        return String(decoding: blob.bytes ?? [], as: UTF8.self)
    }
}

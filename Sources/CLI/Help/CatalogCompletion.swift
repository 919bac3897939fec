import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog

/// What shells complete out of the registry of the repository that a command line is about.
///
/// It is asked while somebody types, so it says nothing at all where there is none, and never goes to the network.
enum CatalogCompletion {
    static let refs = kind { $0.processors.map(\.ref.description) }
    static let refsAndTools = kind { catalog in
        catalog.processors.map(\.ref.description) + catalog.supports.filter { $0.kind == .tool }.map(\.id.description)
    }
    static let environments = kind { Set($0.environments.map(\.name) + ["local"]).sorted() }
    static let lanes = kind { $0.lanes.map(\.name) }

    private static func kind(_ names: @escaping @Sendable (Catalog) -> [String]) -> CompletionKind {
        .custom { words, _, prefix in
            guard let catalog = await catalog(of: words) else { return [] }
            return names(catalog).filter { $0.hasPrefix(prefix) }
        }
    }

    private static func catalog(of words: [String]) async -> Catalog? {
        let named = words.firstIndex(of: "--repo").flatMap { words.dropFirst($0 + 1).first }
        guard let path = RepositoryPlace.path(named ?? "."), let repository = try? GitRepository(at: path),
            let commit = try? await repository.commit(at: "HEAD")
        else { return nil }
        return try? await Catalog(of: commit, in: repository, cache: .ofUser())
    }
}

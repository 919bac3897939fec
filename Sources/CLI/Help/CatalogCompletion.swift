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

    /// The branches of the repository.
    static let branches: CompletionKind = .custom { words, _, prefix in
        guard let repository = repository(of: words) else { return [] }
        let names = (try? await repository.references(under: "refs/heads")) ?? []
        return names.map { String($0.trimmingPrefix("refs/heads/")) }.filter { $0.hasPrefix(prefix) }
    }

    private static func kind(_ names: @escaping @Sendable (Catalog) -> [String]) -> CompletionKind {
        .custom { words, _, prefix in
            guard let catalog = await catalog(of: words) else { return [] }
            return names(catalog).filter { $0.hasPrefix(prefix) }
        }
    }

    static func catalog(of words: [String]) async -> Catalog? {
        guard let repository = repository(of: words), let commit = try? await repository.commit(at: "HEAD") else {
            return nil
        }
        return try? await Catalog(of: commit, in: repository, cache: .ofUser())
    }

    private static func repository(of words: [String]) -> GitRepository? {
        let named = words.firstIndex(of: "--repo").flatMap { words.dropFirst($0 + 1).first }
        return RepositoryPlace.path(named ?? ".").flatMap { try? GitRepository(at: $0) }
    }
}

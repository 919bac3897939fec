import DeploymentModel
import FoundationEssentials
import Git
import JSON
import RegistryCatalog

/// Finds snapshots by what people call them: a file, an id or its first digits, a revision.
struct SnapshotSource {
    enum Found {
        /// A document on this disk, with its bytes: all there is, no repository behind it.
        case file(RegistrySnapshot, bytes: [UInt8])
        /// A commit of the repository that has this content.
        case commit(RegistrySnapshot, Catalog, GitRepository)

        var snapshot: RegistrySnapshot {
            switch self {
            case .file(let snapshot, _), .commit(let snapshot, _, _): snapshot
            }
        }
    }

    /// How many commits an id is looked for in, from each tip along first parents.
    private static let depth = 500

    private let options: RevisionOptions

    init(_ options: RevisionOptions) { self.options = options }

    static func snapshot(of catalog: Catalog) throws(Failure) -> RegistrySnapshot {
        if catalog.hasErrors {
            throw Failure(
                .spec, "the registry of \(catalog.commit.id.short) has errors, so it has no snapshot",
                remedy: "See them with: pinion validate --rev \(catalog.commit.id.short)")
        }
        do throws(JSONError) {
            return try RegistrySnapshot(catalog)
        } catch { throw Failure(.spec, error.message) }
    }

    /// - Throws: `Failure` when nothing has that name, or when a file's content has another id than it says.
    func find(_ name: String) async throws(Failure) -> Found {
        if let data = FileManager.default.contents(atPath: name) {
            let bytes = Array(data)
            return .file(try RegistrySnapshot(parsing: bytes, file: name), bytes: bytes)
        }
        let repository = try await options.open()
        if !name.hasPrefix("sha256:"), (try? await repository.commit(at: name)) != nil {
            let catalog = try await options.catalog(at: name, in: repository)
            return .commit(try Self.snapshot(of: catalog), catalog, repository)
        }
        let digits = name.hasPrefix("sha256:") ? String(name.dropFirst("sha256:".count)) : name
        guard digits.count >= 4, digits.allSatisfy(\.isHexDigit) else { throw missing(name) }
        do throws(GitError) {
            var seen: Set<ObjectID> = []
            for tip in try await tips(of: repository) {
                guard let (snapshot, catalog) = try await search(digits.lowercased(), from: tip, in: repository, &seen)
                else { continue }
                return .commit(snapshot, catalog, repository)
            }
        } catch { throw options.failure(error) }
        throw missing(name)
    }

    /// The revision that was asked for, else HEAD; then every branch.
    private func tips(of repository: GitRepository) async throws(GitError) -> [Commit] {
        var tips: [Commit] = []
        if let commit = try? await repository.commit(at: options.rev ?? "HEAD") { tips.append(commit) }
        guard options.rev == nil else { return tips }
        for folder in ["refs/heads", "refs/remotes"] {
            for name in try await repository.references(under: folder) {
                if let commit = try? await repository.commit(at: name) { tips.append(commit) }
            }
        }
        return tips
    }

    /// Reads a registry only where a commit changed it.
    private func search(
        _ digits: String, from tip: Commit, in repository: GitRepository, _ seen: inout Set<ObjectID>
    ) async throws(GitError) -> (RegistrySnapshot, Catalog)? {
        var commit = tip
        var isChanged = true
        for _ in 0..<Self.depth {
            guard seen.insert(commit.id).inserted else { return nil }
            if isChanged {
                let catalog = try await Catalog(of: commit, in: repository)
                if let snapshot = try? Self.snapshot(of: catalog), snapshot.id.hex.hasPrefix(digits) {
                    return (snapshot, catalog)
                }
            }
            guard let parent = commit.parents.first else { return nil }
            isChanged = try await repository.changedPaths(from: parent, to: commit.id).contains {
                Catalog.reads($0.path)
            }
            commit = try await repository.commit(at: parent.hex)
        }
        return nil
    }

    private func missing(_ name: String) -> Failure {
        Failure(
            .spec,
            "there is no snapshot '\(name)': no file, no revision, and none of the last \(Self.depth) commits has it",
            remedy: "Name another starting point with --rev, or the file itself.")
    }
}

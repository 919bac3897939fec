import ArgumentParser
import DeploymentModel
import Git
import RegistryCatalog

/// What a command reads: a revision of a repository, or a snapshot in its place.
struct RegistryOptions: ParsableArguments {
    enum Source {
        case repository(Catalog, GitRepository)
        /// A file alone: neither sources, nor history, nor records are there to be looked at.
        case snapshot(Catalog)

        var catalog: Catalog {
            switch self {
            case .repository(let catalog, _), .snapshot(let catalog): catalog
            }
        }
    }

    @OptionGroup var revision: RevisionOptions

    @Option(
        help: ArgumentHelp(
            "A snapshot in place of a revision: a file, or the id of one that some commit of the repository has.",
            valueName: "file or id"), completion: .file())
    var snapshot: String?

    func validate() throws {
        guard snapshot == nil || revision.rev == nil else {
            throw ValidationError("--snapshot and --rev exclude each other.")
        }
    }

    func source() async throws(Failure) -> Source {
        guard let snapshot else {
            let repository = try await revision.open()
            return .repository(try await revision.catalog(in: repository), repository)
        }
        switch try await SnapshotSource(revision).find(snapshot) {
        case .commit(_, let catalog, let repository): return .repository(catalog, repository)
        case .file(let document, let bytes):
            return .snapshot(try Catalog(of: document, bytes: bytes, file: snapshot))
        }
    }
}

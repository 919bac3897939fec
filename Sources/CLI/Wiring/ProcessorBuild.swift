package import ArgumentParser
import DeploymentModel
import Git
import RegistryCatalog

/// One processor of a revision and what its build is made of there.
struct ProcessorBuild {
    let commit: Commit
    let spec: ProcessorSpec
    /// `nil` when the processor is not built here: it tracks a tag, or has its pins alone.
    let inputs: BuildInputs?

    /// - Throws: `Failure` with `ERR_SPEC` when the revision has no such processor, or its build can't be told.
    init(of ref: ProcessorRef, at revision: String, in repository: GitRepository) async throws(Failure) {
        let catalog: Catalog
        do throws(GitError) {
            commit = try await repository.commit(at: revision)
            catalog = try await Catalog(of: commit, in: repository)
        } catch { throw Failure(.git, error.message, remedy: "See: git log --oneline --all") }
        guard let spec = catalog.processors.first(where: { $0.ref == ref }) else {
            throw Failure(
                .spec, "there is no processor \(ref) without errors in commit \(commit.short)",
                remedy: "See what there is with: pinion validate --rev \(commit.short)")
        }
        self.spec = spec
        if let build = spec.build, spec.image.track == nil {
            inputs = try await BuildInputs(of: spec, build, at: commit.id, in: repository)
        } else {
            inputs = nil
        }
    }

    /// The build, where there has to be one.
    func built() throws(Failure) -> BuildInputs {
        if let inputs { return inputs }
        let reason = spec.image.track.map { "it tracks \($0)" } ?? "its spec has no 'build'"
        throw Failure(.spec, "\(spec.ref) is not built here, so it has no input key: \(reason)")
    }
}

extension Commit {
    /// As people name it: the first seven digits.
    var short: String { String(id.hex.prefix(7)) }

    /// The first line of its message.
    var subject: String { message.split(separator: "\n").first.map(String.init) ?? "" }
}

extension ProcessorRef: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(argument) }

    package static var defaultCompletionKind: CompletionKind { CatalogCompletion.refs }
}

extension Platform: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(argument) }
}

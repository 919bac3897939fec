package import DeploymentModel
package import Git
import JSON

/// Processors as the records of an environment name them: each as its spec was at the commit of its revision.
package struct RecordedProcessors: Sendable {
    private let repository: GitRepository
    private let names: AppNaming?

    /// - Parameter names: where the environment's target is Modal.
    package init(in repository: GitRepository, names: AppNaming? = nil) {
        self.repository = repository
        self.names = names
    }

    /// What is desired of these revisions, and why some of them can't be had.
    ///
    /// - Parameter held: those that a rollback keeps.
    package func read(
        _ revisions: [ProcessorRef: RefRecord.Revision], held: Set<ProcessorRef> = []
    ) async -> (processors: [DesiredProcessor], failures: [ProcessorRef: Failure]) {
        var processors: [DesiredProcessor] = []
        var failures: [ProcessorRef: Failure] = [:]
        for (commit, group) in Dictionary(grouping: revisions, by: \.value.commit) {
            let catalog: Catalog
            do throws(GitError) {
                catalog = try await Catalog(of: repository.commit(at: commit), in: repository)
            } catch {
                for (ref, _) in group {
                    failures[ref] = Failure(
                        .git, "the commit \(commit.prefix(7)) of \(ref) can't be read: \(error.message)",
                        remedy: "Fetch it: git fetch origin \(commit)")
                }
                continue
            }
            let specs = Dictionary(catalog.processors.map { ($0.ref, $0) }) { first, _ in first }
            for (ref, revision) in group {
                do throws(Failure) {
                    processors.append(try processor(ref, revision, specs[ref], isHeld: held.contains(ref)))
                } catch { failures[ref] = error }
            }
        }
        return (processors.sorted { $0.ref < $1.ref }, failures)
    }

    private func processor(
        _ ref: ProcessorRef, _ revision: RefRecord.Revision, _ spec: ProcessorSpec?, isHeld: Bool
    ) throws(Failure) -> DesiredProcessor {
        guard let spec else {
            throw Failure(.git, "the commit \(revision.commit.prefix(7)) has no \(ref) without errors")
        }
        let processor = try spec.processor(pins: revision.pins)
        guard processor.specHash == revision.specHash else {
            throw Failure(
                .git, "the spec of \(ref) at \(revision.commit.prefix(7)) is not the one that is recorded",
                remedy: "Promote it again.")
        }
        return DesiredProcessor(
            processor, specPath: spec.path, source: .recorded(revision), function: names?.name(of: ref),
            isHeld: isHeld)
    }
}

import DeploymentModel
import Reconciliation

/// A build of the branch's tip, left in the local engine.
struct LocalBuild {
    private let options: WorkspaceOptions

    init(_ options: WorkspaceOptions) { self.options = options }

    /// Builds a processor for one platform.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_BUILD`, and the end of the build's output.
    func build(_ ref: ProcessorRef, _ platform: Platform) async throws(Failure) {
        let workspace = try await Workspace(options)
        guard let processor = workspace.desired.processors.first(where: { $0.ref == ref }) else {
            throw Failure(.functionNotFound, "the registry has no \(ref) without errors")
        }
        let session = try await Session(workspace, options)
        let outcomes = try await EventDisplay(.normal).showing { show throws(Failure) in
            try await session.images(builds: true, show: show) { operations throws(Failure) in
                await operations.build(processor, for: [platform])
            }
        }
        if let failure = outcomes.compactMap(\.failure).first { throw failure }
    }
}

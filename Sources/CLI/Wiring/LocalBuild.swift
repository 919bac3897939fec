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
        let lines = EventLines(style: .standardError, isVerbose: false)
        let outcomes = try await Session(workspace, options).images(builds: true) { event in
            if let line = lines.line(event) { Output.note(line) }
        } _: { operations throws(Failure) in
            await operations.build(processor, for: [platform])
        }
        if let failure = outcomes.compactMap(\.failure).first { throw failure }
    }
}

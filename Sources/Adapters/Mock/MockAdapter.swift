package import DeploymentModel
import JSON

/// Answers without running anything: no Docker, no network, no processor. What it writes depends on the spec and the inputs
/// alone, lies under the write prefix, and has true ids.
///
/// It writes what `adapter_opts.outputs` says, else what the spec declares: JSON that fits the schema which the spec's
/// predicates name for it, text that says what it is, bytes for everything else.
package struct MockAdapter: Adapter {
    package let kind = AdapterKind.mock
    package let surroundings: RunSurroundings

    package init(surroundings: RunSurroundings) {
        self.surroundings = surroundings
    }

    package func defaultPlatform(of processor: Processor) -> Platform { processor.defaultPlatform ?? .host }

    package func carryOut(
        _ run: AdmittedRun, report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer {
        await report(.event(phase: "started", content: ["phase": "started"]))
        let files = try MockOutputs(run).files()
        let answer = try await OwnOutputs(run, kind).answer(files)
        await report(.event(phase: "finished", content: ["phase": "finished"]))
        return answer
    }
}

import Adapters
import ArgumentParser
import DeploymentModel
import JSON

/// One run of a command, from its inputs to its envelope.
struct AnsweredRun {
    /// What the command's own part of the run gets.
    struct Call {
        let session: RunSession
        /// The inputs that were given; `nil` when none were.
        let inputs: JSONValue?
        let id: ExecutionID
        let output: RunOutput
    }

    let options: WorkspaceOptions
    let run: RunOptions
    let adapter: AdapterKind

    /// Prints the envelope and saves its outputs; what could not even be asked for is answered with an envelope too.
    func answer(
        _ invoke: @escaping @Sendable (Call) async throws(Failure) -> InvocationResult
    ) async throws(ExitCode) {
        let given = run.read()
        let id = run.executionId ?? .random()
        try await interruptible { () async throws(Failure) -> ExitCode in
            let output = RunOutput(run)
            var world: LocalWorld?
            let result: InvocationResult
            do throws(Failure) {
                let session = try await RunSession(options, on: adapter == .modal ? .modal : nil)
                world = session.world
                result = try await invoke(Call(session: session, inputs: try given.get(), id: id, output: output))
            } catch { result = InvocationResult(error, of: id, by: adapter) }
            guard !Task.isCancelled else { return .failure }
            output.print(result, world: world?.mount)
            if let world { try await output.save(result.envelope, from: world) }
            if result.envelope.isSuccess { return .success }
            // What could not be run ends as it does elsewhere; what the processor answered, and what is wrong with it, is 1: a
            // connection that ended, a predicate that does not hold.
            guard let failure = result.failure else { return .failure }
            let isItsOwn = result.wasAdmitted && [.network, .predicate].contains(failure.code)
            return isItsOwn ? .failure : ExitCode(for: failure)
        }
    }
}

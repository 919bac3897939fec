import ArgumentParser
import DeploymentModel

/// Runs a command's work; a failure becomes a message on stderr and exit code 1.
func reporting(_ work: () async throws(Failure) -> ExitCode) async throws(ExitCode) {
    let code: ExitCode
    do throws(Failure) {
        code = try await work()
    } catch {
        // What an interruption breaks off is no failure to be told of.
        if !Task.isCancelled { Output.note(FailureText(error, style: Style.standardError).text) }
        code = .failure
    }
    if code != .success { throw code }
}

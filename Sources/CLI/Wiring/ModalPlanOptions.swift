import ArgumentParser
import DeploymentModel
import RegistryCatalog

/// What a plan for Modal may do beyond deploying.
struct ModalPlanOptions: ParsableArguments {
    @Flag(help: "On Modal: write secrets whose values are new, and replace containers that hold old ones.")
    var syncSecrets = false

    @OptionGroup var source: SecretSourceOptions

    @Flag(help: "On Modal: stop apps that no spec asks for, where the environment allows it ('prune: true').")
    var prune = false

    /// The values that are to be synced.
    ///
    /// - Throws: `Failure` with `ERR_SPEC` where the environment is not on Modal.
    func secrets(of workspace: Workspace) async throws(Failure) -> [SecretValue] {
        guard syncSecrets else { return [] }
        try check(workspace, "--sync-secrets")
        return try await SecretNeeds(of: workspace.desired.processors.map(\.processor)).values(from: source)
    }

    /// - Throws: `Failure` with `ERR_SPEC` where the environment does not allow it.
    func prunes(_ workspace: Workspace) throws(Failure) -> Bool {
        guard prune else { return false }
        try check(workspace, "--prune")
        guard workspace.environment.allowsPrune else {
            throw Failure(
                .spec, "the environment '\(workspace.environment.name)' does not allow --prune",
                remedy: "Write 'prune: true' for it in pipelines/environments.yaml.")
        }
        return true
    }

    private func check(_ workspace: Workspace, _ flag: String) throws(Failure) {
        guard workspace.environment.target == .modal else {
            throw Failure(.spec, "\(flag) is for environments on Modal, and '\(workspace.environment.name)' is none")
        }
    }
}

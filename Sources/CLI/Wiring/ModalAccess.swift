import Adapters
import DeploymentModel
import FoundationEssentials
import Modal
import RegistryCatalog

/// An environment on Modal, as this process reaches it.
struct ModalAccess {
    let platform: ModalPlatform
    let driver: ModalDriver
    let names: AppNaming

    /// Starts the driver, so that it is ready when the registry has been read.
    ///
    /// - Throws: `Failure` with `ERR_MODAL` when `MODAL_ENABLED` says that Modal is not to be used.
    init(_ environment: EnvironmentSpec, names: AppNaming, policy: Policy) async throws(Failure) {
        let variables = ProcessInfo.processInfo.environment
        try Self.checkEnabled(variables)
        if let other = variables["MODAL_ENVIRONMENT"], !other.isEmpty, other != environment.modalEnvironment {
            Output.note(
                "note: MODAL_ENVIRONMENT=\(other) is not used: \(environment.name) is '\(environment.modalEnvironment)' on Modal"
            )
        }
        driver = ModalDriver(variables: variables, policy: policy)
        await driver.start()
        platform = ModalPlatform(environment: environment.modalEnvironment, driver: driver)
        self.names = names
    }

    /// Runs what is deployed there.
    func adapter(for environment: EnvironmentSpec, _ surroundings: RunSurroundings) -> ModalAdapter {
        let names = names
        return ModalAdapter(
            platform: platform, environment: environment.name, modalEnvironment: environment.modalEnvironment,
            surroundings: surroundings, proxyKeys: Self.proxyKeys
        ) { ref throws(Failure) in names.name(of: ref) }
    }

    static func checkEnabled(_ variables: [String: String]) throws(Failure) {
        guard let text = variables["MODAL_ENABLED"]?.lowercased(), ["0", "false", "no", "off"].contains(text)
        else { return }
        throw Failure(.modal, "MODAL_ENABLED=\(text): Modal is not to be used here", remedy: "Unset it.")
    }

    /// The keys of private endpoints, from `MODAL_PROXY_KEY` and `MODAL_PROXY_SECRET`.
    static var proxyKeys: ProxyKeys? {
        let variables = ProcessInfo.processInfo.environment
        guard let key = variables["MODAL_PROXY_KEY"], let secret = variables["MODAL_PROXY_SECRET"], !key.isEmpty,
            !secret.isEmpty
        else { return nil }
        return ProxyKeys(key: key, secret: secret)
    }
}

import DeploymentModel
import Modal

/// What Modal needs: Python, its SDK, the token, the environment, keys for private endpoints.
enum ModalCheck {
    static func findings(_ platform: ModalPlatform, _ environment: String) async -> [Finding] {
        do throws(Failure) {
            return findings(
                try await platform.doctor(), environment, hasProxyKeys: ModalAccess.proxyKeys != nil)
        } catch { return [.error("Modal", error.message, error.remedy)] }
    }

    static func findings(_ found: ModalFacts, _ environment: String, hasProxyKeys: Bool) -> [Finding] {
        [
            .ok("Python", found.python), .ok("SDK", "modal \(found.sdk)"),
            .ok("Modal", "\(found.server) takes the token"),
            found.environments.contains(environment)
                ? .ok("environment", environment)
                : .error(
                    "environment",
                    "Modal has no '\(environment)'; it has \(found.environments.joined(separator: ", "))",
                    "modal environment create \(environment)"),
            hasProxyKeys
                ? .ok("proxy keys", "MODAL_PROXY_KEY and MODAL_PROXY_SECRET are set")
                : .warning(
                    "proxy keys", "not set, so private endpoints can't be run",
                    "Make a proxy auth token in Modal's settings and set MODAL_PROXY_KEY and MODAL_PROXY_SECRET."),
        ]
    }
}

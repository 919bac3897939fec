package import DeploymentModel

/// What a run's result may depend on besides its inputs, in one line that can be compared:
/// `adapter=<a>,env_keys_present=[A,B],image=<digest>[,modal_env=<e>],mode=<m>,platform=<p>`.
///
/// Names of secrets only, never a value.
package struct EnvironmentFingerprint: Hashable, Sendable {
    package let adapter: String
    package let keysPresent: [String]
    package let image: Digest?
    package let modalEnvironment: String?
    package let mode: RunMode
    package let platform: Platform

    package init(
        adapter: String, keysPresent: [String], image: Digest?, modalEnvironment: String? = nil, mode: RunMode,
        platform: Platform
    ) {
        self.adapter = adapter
        self.keysPresent = keysPresent
        self.image = image
        self.modalEnvironment = modalEnvironment
        self.mode = mode
        self.platform = platform
    }
}

extension EnvironmentFingerprint: CustomStringConvertible {
    package var description: String {
        var facts = [
            "adapter=\(adapter)",
            "env_keys_present=[\(Set(keysPresent).sorted().joined(separator: ","))]",
            "mode=\(mode.rawValue)",
            "platform=\(platform)",
        ]
        if let image { facts.append("image=\(image)") }
        if let modalEnvironment { facts.append("modal_env=\(modalEnvironment)") }
        return facts.sorted().joined(separator: ",")
    }
}

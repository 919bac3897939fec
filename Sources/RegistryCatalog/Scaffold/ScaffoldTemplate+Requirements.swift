import DeploymentModel

extension ScaffoldTemplate {
    /// `requirements.txt`.
    static func requirements(_ transport: ProcessorAPI.Transport) -> String {
        """
        # Every package with its version, those that they need too: what is installed depends on this file alone.
        \(transport == .ws ? "websockets==\(webSockets)\n" : "")
        """
    }

    /// The version of websockets that the server is written for.
    static let webSockets = "17.4"
}

package import DeploymentModel

/// Where a processor's server is reached.
package struct ProcessorEndpoint: Hashable, Sendable {
    /// `http://127.0.0.1:49153`, without a slash at the end; `https` where it is public.
    package let origin: String
    /// Header fields of every request, such as the keys of a private endpoint. Values are secret.
    package let headers: [String: String]
    package let api: ProcessorAPI

    package init(origin: String, headers: [String: String] = [:], api: ProcessorAPI) {
        self.origin = origin.utf8.last == UInt8(ascii: "/") ? String(origin.dropLast()) : origin
        self.headers = headers
        self.api = api
    }

    var healthURL: String { origin + api.healthPath }
    var runURL: String { origin + api.runPath }
    /// The streaming twin of `runURL`.
    var runStreamURL: String { origin + api.runPath + "-stream" }

    /// `ws` for `http`, `wss` for `https`.
    var webSocketURL: String {
        origin.hasPrefix("http") ? "ws" + runURL.dropFirst("http".count) : runURL
    }
}

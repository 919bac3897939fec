import FoundationEssentials
import HTTP
package import JSON

/// The stand-in of Modal's control plane (page "The Modal driver") on free loopback ports. It ends with this value, or
/// with the process.
package final class StandIn: Sendable {
    /// What the stand-in says of itself at its start.
    private let facts: JSONValue
    private let process: LeashedProcess
    private let owned: TemporaryFolder?
    /// What it remembers lies here; its errors are beside it, with `.errors` added.
    package let folder: String

    /// Claims that a Python with Modal's SDK is at hand: `make test` sees to it.
    package static var python: String? { ProcessInfo.processInfo.environment["PINION_PYTHON"] }

    /// - Parameters:
    ///   - folder: what an earlier one remembers; a folder of its own when `nil`.
    ///   - port: of the control plane; a free one when 0.
    ///   - withDocker: pulls and runs what is deployed.
    package init(folder: String? = nil, port: Int = 0, withDocker: Bool = false) throws {
        owned = folder == nil ? try TemporaryFolder() : nil
        self.folder = folder ?? owned.map { $0.path + "/state" } ?? ""
        let root = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined()
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MODAL_") }
        variables["PYTHONPATH"] = root + "/modal"
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        var arguments = ["-m", "standin", "--state", self.folder, "--port", "\(port)", "--until-eof"]
        if withDocker { arguments.append("--docker") }
        process = try LeashedProcess(
            Self.python ?? "python3", arguments, variables: variables, log: self.folder + ".errors")
        facts = try JSONValue(parsing: process.firstLine)
    }

    /// What Modal's SDK has to be told to find it, and nothing of the user's own.
    package var variables: [String: String] {
        [
            "MODAL_SERVER_URL": text("url"), "MODAL_TOKEN_ID": text("token", "id"),
            "MODAL_TOKEN_SECRET": text("token", "secret"), "MODAL_CONFIG_PATH": "/nonexistent/modal.toml",
            "NO_PROXY": "127.0.0.1",
        ]
    }

    package var port: Int { facts["port"]?.intValue.map { Int($0) } ?? 0 }

    /// What a request to an endpoint that is not public has to bring.
    package var proxyKey: (key: String, secret: String) { (text("proxy", "key"), text("proxy", "secret")) }

    /// The Docker label of its containers, `name=value`.
    package var label: String { text("label") }

    /// Orders bad weather; modes and what they do are on the page.
    ///
    /// - Parameter times: −1 until `clear()`.
    package func fail(
        _ rpc: String, _ mode: String, times: Int = 1, seconds: Double = 0, app: String = "", message: String = ""
    ) async throws {
        _ = try await control(
            .post, "/fail",
            [
                "rpc": .string(rpc), "mode": .string(mode), "times": .integer(Int64(times)),
                "seconds": .number(seconds), "app": .string(app), "message": .string(message),
            ])
    }

    /// Ends bad weather, and sets the counts to zero.
    package func clear() async throws { _ = try await control(.delete, "/fail") }

    /// All that it remembers.
    package func state() async throws -> JSONValue { try await control(.get, "/state") }

    /// How often each RPC was asked for.
    package func calls() async throws -> [String: Int] {
        try await control(.get, "/calls").objectValue?.compactMapValues { $0.intValue.map { Int($0) } } ?? [:]
    }

    /// Ends it, as an outage would.
    package func end() { process.end() }

    private func text(_ names: String...) -> String {
        names.reduce(Optional(facts)) { $0?[$1] }?.stringValue ?? ""
    }

    private func control(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        var request = HTTPRequest(method, text("control") + path)
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = .bytes(Array(body.compact.utf8))
        }
        let response = try await HTTPClient.shared.send(request)
        let content = try await response.collect(upTo: 64 << 20)
        guard response.isSuccess else { throw CocoaError(.featureUnsupported) }
        return try JSONValue(parsing: content)
    }
}

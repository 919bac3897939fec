package import DeploymentModel
package import HTTP
import JSON
import Synchronization

/// Speaks the Docker Engine API (https://docs.docker.com/reference/api/engine/), versions 1.41 to 1.47, whichever is the
/// newest that the engine has.
package final class EngineClient: Sendable {
    /// The oldest API that has what is used here: Engine 20.10.
    static let oldest = APIVersion(major: 1, minor: 41)
    /// The newest API that this was written against.
    static let newest = APIVersion(major: 1, minor: 47)

    package let address: EngineAddress
    private let http: HTTPClient
    private let base: String
    private let socket: String?
    private let negotiated = Mutex<APIVersion?>(nil)

    /// - Parameter http: default the client of the process, or one with the address's own certificates.
    package init(_ address: EngineAddress, http: HTTPClient? = nil) {
        self.address = address
        switch address.endpoint {
        case .unix(let path):
            base = "http://docker"
            socket = path
        case .tcp(let url):
            base = url
            socket = nil
        }
        self.http = http ?? address.certificates.map { Self.secureClient($0) } ?? .shared
    }

    /// One call of the API. The path starts behind the version: `/containers/json?all=1`.
    struct Call {
        var method: HTTPMethod
        var path: String
        var headers: HTTPHeaders = [:]
        var body: HTTPRequest.Body = .none
        var deadlines = HTTPDeadlines(connect: .seconds(5), firstByte: .seconds(60), idle: .seconds(60))

        init(_ method: HTTPMethod, _ path: String) {
            self.method = method
            self.path = path
        }

        init(_ method: HTTPMethod, _ path: String, json: JSONValue) {
            self.init(method, path)
            headers["Content-Type"] = "application/json"
            body = .bytes(Array(json.compact.utf8))
        }

        /// Nothing may be heard from the engine for minutes: pulls, pushes, builds, waiting.
        func patient() -> Call {
            var copy = self
            copy.deadlines = HTTPDeadlines(connect: .seconds(5), firstByte: nil, idle: nil)
            return copy
        }
    }

    /// Sends a call; the answer's body streams. Any status is an answer.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER` when no engine answers.
    func stream(_ call: Call) async throws(Failure) -> HTTPResponse {
        let version = try await version()
        return try await send(call, path: "/v\(version)\(call.path)")
    }

    /// Sends a call and reads the whole answer, at most 16 MiB.
    func fetch(_ call: Call) async throws(Failure) -> HTTPReply {
        let response = try await stream(call)
        do throws(HTTPError) {
            let body = try await response.collect(upTo: 16 << 20)
            return HTTPReply(status: response.status, headers: response.headers, url: response.url, body: body)
        } catch {
            throw unreachable(error)
        }
    }

    /// Sends a call whose answer is JSON.
    ///
    /// - Returns: `nil` when the engine has no such thing (404).
    /// - Throws: `Failure` with `ERR_DOCKER` for any other refusal, in the engine's words.
    func json(_ call: Call) async throws(Failure) -> JSONValue? {
        let reply = try await fetch(call)
        if reply.status == 404 { return nil }
        guard reply.isSuccess else { throw refusal(reply, .docker, call) }
        return try parse(reply.body)
    }

    /// The version that both sides speak; asked for once.
    package func version() async throws(Failure) -> APIVersion {
        if let known = negotiated.withLock({ $0 }) { return known }
        let response = try await send(Call(.get, "/_ping"), path: "/_ping")
        await response.discard()
        guard response.isSuccess, let theirs = response.headers["Api-Version"].flatMap({ APIVersion($0) }) else {
            throw Failure(.docker, "what answers at \(address.text) is no Docker engine", remedy: Self.remedy(address))
        }
        guard theirs >= Self.oldest else {
            throw Failure(
                .docker, "the Docker engine at \(address.text) speaks API \(theirs); Pinion needs \(Self.oldest)",
                remedy: "Use Docker Engine 20.10 or newer.")
        }
        let version = min(theirs, Self.newest)
        negotiated.withLock { $0 = version }
        return version
    }

    func parse(_ bytes: some Collection<UInt8>) throws(Failure) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Failure(.docker, "the Docker engine at \(address.text) sent no JSON: \(error.message)")
        }
    }

    private func send(_ call: Call, path: String) async throws(Failure) -> HTTPResponse {
        do throws(HTTPError) {
            return try await http.send(
                HTTPRequest(
                    call.method, base + path, headers: call.headers, body: call.body, unixSocket: socket,
                    deadlines: call.deadlines))
        } catch {
            throw unreachable(error)
        }
    }

    private static func secureClient(_ folder: String) -> HTTPClient {
        HTTPClient(
            HTTPClient.Configuration(
                certificateFile: folder + "/ca.pem",
                identity: .init(certificateFile: folder + "/cert.pem", keyFile: folder + "/key.pem")))
    }
}

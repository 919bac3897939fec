package import DeploymentModel
import HTTP
package import JSON

extension EngineClient {
    /// All containers with a label, stopped ones too, as the engine lists them.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func containers(label: String) async throws(Failure) -> [JSONValue] {
        let filters: JSONValue = ["label": [.string(label)]]
        let call = Call(.get, "/containers/json?\(HTTPURL.query([("all", "1"), ("filters", filters.compact)]))")
        return try await json(call)?.arrayValue ?? []
    }

    /// What the engine knows of a container, by id or name; `nil` when there is none.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func container(_ id: String) async throws(Failure) -> JSONValue? {
        try await json(Call(.get, "/containers/\(HTTPURL.percentEncoded(id))/json"))
    }

    /// Creates a container.
    ///
    /// - Parameters:
    ///   - body: as the API wants it (`POST /containers/create`).
    /// - Returns: its id; `nil` when there is a container of that name.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` when the engine does not hold the image, `ERR_DOCKER` for the rest.
    package func createContainer(
        _ name: String, platform: Platform, _ body: JSONValue
    ) async throws(Failure) -> String? {
        let call = Call(
            .post, "/containers/create?\(HTTPURL.query([("name", name), ("platform", platform.oci)]))", json: body)
        let reply = try await fetch(call)
        switch reply.status {
        case 404: throw refusal(reply, .imagePull, call)
        case 409: return nil
        default: guard reply.isSuccess else { throw refusal(reply, .docker, call) }
        }
        guard let id = try parse(reply.body)["Id"]?.stringValue else {
            throw Failure(.docker, "the Docker engine created \(name) and told no id")
        }
        return id
    }

    /// Starts a container; one that runs already is no error.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`, in the engine's words.
    package func startContainer(_ id: String) async throws(Failure) {
        try await act(Call(.post, "/containers/\(HTTPURL.percentEncoded(id))/start"), ignoring: [304])
    }

    /// Sends SIGTERM, and SIGKILL when the container still runs after `graceSeconds`. One that is gone or has ended is no
    /// error.
    package func stopContainer(_ id: String, graceSeconds: Int) async throws(Failure) {
        let grace = max(0, graceSeconds)
        var call = Call(.post, "/containers/\(HTTPURL.percentEncoded(id))/stop?t=\(grace)")
        call.deadlines.firstByte = .seconds(grace + 60)
        try await act(call, ignoring: [304, 404])
    }

    /// Sends a signal; a container that is gone or does not run is no error.
    package func killContainer(_ id: String, signal: String = "SIGKILL") async throws(Failure) {
        let query = HTTPURL.query([("signal", signal)])
        try await act(Call(.post, "/containers/\(HTTPURL.percentEncoded(id))/kill?\(query)"), ignoring: [404, 409])
    }

    /// Removes a container and its anonymous volumes, killing it if it runs; one that is gone, or on its way, is no error.
    package func removeContainer(_ id: String) async throws(Failure) {
        try await act(Call(.delete, "/containers/\(HTTPURL.percentEncoded(id))?v=1&force=1"), ignoring: [404, 409])
    }

    /// Waits until a container ends.
    ///
    /// - Returns: the exit code of its process; `nil` when the container is gone.
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func waitForContainer(_ id: String) async throws(Failure) -> Int? {
        let call = Call(.post, "/containers/\(HTTPURL.percentEncoded(id))/wait?condition=not-running")
        return try await json(call.patient())?["StatusCode"]?.intValue.map { Int($0) }
    }

    /// The last lines that a container wrote to stdout and stderr, in the order of writing; `nil` when it is gone.
    ///
    /// - Parameter lines: how many; the text is cut at its beginning to 256 KiB.
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func logs(of id: String, lines: Int) async throws(Failure) -> String? {
        let path = "/containers/\(HTTPURL.percentEncoded(id))/logs?stdout=1&stderr=1&tail=\(max(0, lines))"
        let call = Call(.get, path)
        let response = try await stream(call)
        if response.status == 404 { return nil }
        guard response.isSuccess else {
            throw Failure(.docker, "the Docker engine answered \(response.status) about the log of \(id)")
        }
        var demultiplexer = LogDemultiplexer()
        var text: [UInt8] = []
        do throws(HTTPError) {
            var iterator = response.body.makeAsyncIterator()
            while let chunk = try await iterator.next() {
                text += demultiplexer.receive(chunk)
                if text.count > 2 * Self.logLimit { text = text.suffix(Self.logLimit) }
            }
        } catch {
            throw unreachable(error)
        }
        return String(decoding: text.suffix(Self.logLimit), as: UTF8.self)
    }

    private static var logLimit: Int { 256 * 1024 }

    private func act(_ call: Call, ignoring statuses: [Int]) async throws(Failure) {
        let reply = try await fetch(call)
        guard reply.isSuccess || statuses.contains(reply.status) else { throw refusal(reply, .docker, call) }
    }
}

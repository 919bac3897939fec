package import DeploymentModel
package import HTTP

/// Speaks to OCI registries (OCI distribution specification 1.1; Docker's registry API v2).
///
/// Every manifest's digest is computed from the bytes that came, never taken from a header. Loopback registries and those
/// that the user calls insecure are reached by plain HTTP, all others by https. Safe to share; tokens are remembered per
/// repository.
package struct OCIRegistryClient: Sendable {
    /// The largest manifest or config that is taken; registries must accept manifests of 4 MiB.
    package static let documentLimit = 4 << 20

    let http: HTTPClient
    let retrying: Retrying
    let layerCache: LayerFactsCache?
    let deadlines: HTTPDeadlines
    let authorizer: Authorizer
    private let insecure: Set<RegistryHost>

    /// - Parameters:
    ///   - credentials: by default nobody is logged in anywhere.
    ///   - layerCache: where the facts of layers are kept; by default nowhere.
    ///   - insecure: registries other than on loopback that are reached by plain HTTP.
    ///   - deadlines: for answers of at most a few megabytes; larger ones get more time in all.
    package init(
        http: HTTPClient = .shared, retrying: Retrying = Retrying(),
        credentials: any CredentialSource = NoCredentials(), layerCache: LayerFactsCache? = nil,
        insecure: Set<RegistryHost> = [], deadlines: HTTPDeadlines = .registry
    ) {
        self.layerCache = layerCache
        self.http = http
        self.retrying = retrying
        self.insecure = insecure
        self.deadlines = deadlines
        authorizer = Authorizer(
            http: http, retrying: retrying, credentials: credentials, insecure: insecure, deadlines: deadlines)
    }

    /// The same client, logged in nowhere.
    var anonymous: OCIRegistryClient {
        OCIRegistryClient(http: http, retrying: retrying, insecure: insecure, deadlines: deadlines)
    }

    /// One request to a repository, before its authorisation.
    struct Call {
        let method: HTTPMethod
        /// The repository, and what failures name.
        let image: ImageReference
        let endpoint: OCIEndpoint
        let access: Access
        /// In full.
        let url: String
        let headers: HTTPHeaders
        let body: HTTPRequest.Body
        let deadlines: HTTPDeadlines

        var scope: Authorizer.Scope {
            Authorizer.Scope(registry: image.registry, path: image.path, access: access)
        }

        func request(authorization: String?) -> HTTPRequest {
            var headers = headers
            // An upload may go to another server, which gets no credentials.
            if let authorization, let url = try? HTTPURL(url),
                url.origin == endpoint.origin
            {
                headers["Authorization"] = authorization
            }
            return HTTPRequest(method, url, headers: headers, body: body, deadlines: deadlines, redirectLimit: 10)
        }
    }

    /// A call about something in a repository.
    func call(
        _ method: HTTPMethod = .get, _ image: ImageReference, _ rest: String, access: Access = .pull,
        headers: HTTPHeaders = [:], body: HTTPRequest.Body = .none, deadlines: HTTPDeadlines? = nil
    ) -> Call {
        call(
            method, image, url: endpoint(of: image).url(image.path, rest), access: access, headers: headers,
            body: body, deadlines: deadlines)
    }

    /// A call to where the registry itself led.
    func call(
        _ method: HTTPMethod = .get, _ image: ImageReference, url: String, access: Access = .pull,
        headers: HTTPHeaders = [:], body: HTTPRequest.Body = .none, deadlines: HTTPDeadlines? = nil
    ) -> Call {
        Call(
            method: method, image: image, endpoint: endpoint(of: image), access: access, url: url, headers: headers,
            body: body, deadlines: deadlines ?? self.deadlines)
    }

    private func endpoint(of image: ImageReference) -> OCIEndpoint {
        OCIEndpoint(registry: image.registry, insecure: insecure)
    }

    /// Sends a call and reads its whole answer, with retries and log-in; any status comes back.
    ///
    /// - Parameter isIdempotent: whether it may be sent twice; default what its method says.
    /// - Throws: `Failure` with `ERR_NETWORK` when there is no answer, or what the log-in threw.
    func fetch(
        _ call: Call, isIdempotent: Bool? = nil, retrying: Retrying? = nil
    ) async throws(Failure) -> HTTPReply {
        try await authorized(call) { (request) async throws(HTTPError) in
            try await http.fetch(
                request, upTo: Self.documentLimit, isIdempotent: isIdempotent, retrying: retrying ?? self.retrying)
        } head: {
            ($0.status, $0.headers, $0.url)
        }
    }

    /// Sends a call and leaves the body of its answer to the caller.
    func stream(_ call: Call) async throws(Failure) -> HTTPResponse {
        try await authorized(call) { (request) async throws(HTTPError) in
            try await http.send(request, retrying: retrying)
        } head: {
            ($0.status, $0.headers, $0.url)
        }
    }

    private func authorized<Answer>(
        _ call: Call, send: (HTTPRequest) async throws(HTTPError) -> Answer,
        head: (Answer) -> (status: Int, headers: HTTPHeaders, url: HTTPURL)
    ) async throws(Failure) -> Answer {
        let answer = try await attempt(call, authorizer.header(for: call.scope), send)
        let (status, headers, url) = head(answer)
        // Only the registry itself may ask for a log-in, not whoever it redirects to.
        guard status == 401, url.origin == call.endpoint.origin else { return answer }
        let challenges = headers.values("WWW-Authenticate").flatMap(Challenge.parse)
        guard let header = try await authorizer.answer(challenges, for: call.scope) else { return answer }
        return try await attempt(call, header, send)
    }

    private func attempt<Answer>(
        _ call: Call, _ authorization: String?, _ send: (HTTPRequest) async throws(HTTPError) -> Answer
    ) async throws(Failure) -> Answer {
        do throws(HTTPError) {
            return try await send(call.request(authorization: authorization))
        } catch {
            throw Failure(unreachable: call.image, error)
        }
    }
}

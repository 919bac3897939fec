import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import Synchronization

/// Answers the challenges of OCI registries and remembers the answers (distribution specification, token
/// authentication).
final class Authorizer: Sendable {
    /// What an answer is good for.
    struct Scope: Hashable {
        let registry: String
        let path: String
        let access: Access
    }

    private struct Remembered {
        let header: String
        let expires: ContinuousClock.Instant?
    }

    private let http: HTTPClient
    private let retrying: Retrying
    private let credentials: any CredentialSource
    private let insecure: Set<RegistryHost>
    private let deadlines: HTTPDeadlines
    private let remembered = Mutex<[Scope: Remembered]>([:])

    /// - Parameter insecure: hosts of token services that may be reached by plain HTTP, like those on loopback.
    init(
        http: HTTPClient, retrying: Retrying, credentials: any CredentialSource, insecure: Set<RegistryHost>,
        deadlines: HTTPDeadlines
    ) {
        self.http = http
        self.retrying = retrying
        self.credentials = credentials
        self.insecure = insecure
        self.deadlines = deadlines
    }

    /// The `Authorization` header that worked for this scope, while it is valid.
    func header(for scope: Scope) -> String? {
        remembered.withLock { remembered in
            guard let entry = remembered[scope] else { return nil }
            if let expires = entry.expires, expires <= .now {
                remembered[scope] = nil
                return nil
            }
            return entry.header
        }
    }

    /// Finds the header that answers one of these challenges, asking the token service if there is one.
    ///
    /// - Returns: `nil` when the registry wants a log-in and there are no credentials for it.
    /// - Throws: `Failure` when the token service refuses, is not there or talks nonsense.
    func answer(_ challenges: [Challenge], for scope: Scope) async throws(Failure) -> String? {
        remembered.withLock { $0[scope] = nil }
        let credentials = try await credentials.credentials(for: scope.registry)
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            let token = try await token(bearer.parameters, credentials, scope)
            return remember("Bearer \(token.text)", for: scope, expires: .now.advanced(by: token.lifetime))
        }
        guard challenges.contains(where: { $0.scheme == "basic" }), let basic = Self.basic(credentials) else {
            return nil
        }
        return remember(basic, for: scope, expires: nil)
    }

    private func remember(_ header: String, for scope: Scope, expires: ContinuousClock.Instant?) -> String {
        remembered.withLock { $0[scope] = Remembered(header: header, expires: expires) }
        return header
    }

    private func token(
        _ parameters: [String: String], _ credentials: RegistryCredentials, _ scope: Scope
    ) async throws(Failure) -> (text: String, lifetime: Duration) {
        guard let realm = parameters["realm"], let url = try? HTTPURL(realm),
            url.origin.scheme == "https" || url.origin.isLoopback
                || insecure.contains(where: { OCIEndpoint(registry: $0.name, insecure: insecure).origin == url.origin })
        else {
            throw Failure(.network, "\(scope.registry) names a token service that is not reached by https")
        }
        var fields = [("scope", parameters["scope"] ?? "repository:\(scope.path):\(scope.access.actions)")]
        if let service = parameters["service"] { fields.append(("service", service)) }
        let request = tokenRequest(realm, fields, credentials)
        let reply: HTTPReply
        do {
            reply = try await http.fetch(request, upTo: 1 << 20, isIdempotent: true, retrying: retrying)
        } catch {
            throw Failure(.network, "the token service of \(scope.registry) can't be reached: \(error)")
        }
        guard reply.isSuccess else { throw refusal(reply, scope, credentials) }
        guard let json = try? JSONValue(parsing: reply.body),
            let text = (json["token"] ?? json["access_token"])?.stringValue, !text.isEmpty
        else {
            throw Failure(.network, "the token service of \(scope.registry) sent no token")
        }
        // 60 seconds is what the specification has a client assume; a tenth is kept back for the way.
        let seconds = max(60, json["expires_in"]?.intValue ?? 60)
        return (text, .seconds(seconds) * 0.9)
    }

    private func tokenRequest(
        _ realm: String, _ fields: [(String, String)], _ credentials: RegistryCredentials
    ) -> HTTPRequest {
        if case .identityToken(let token) = credentials {
            let form = fields + [("grant_type", "refresh_token"), ("client_id", "pinion"), ("refresh_token", token)]
            return HTTPRequest(
                .post, realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(HTTPURL.query(form).utf8)), deadlines: deadlines)
        }
        var headers = HTTPHeaders()
        headers["Authorization"] = Self.basic(credentials)
        let separator = realm.contains("?") ? "&" : "?"
        return HTTPRequest(
            .get, realm + separator + HTTPURL.query(fields), headers: headers, deadlines: deadlines, redirectLimit: 10)
    }

    private func refusal(_ reply: HTTPReply, _ scope: Scope, _ credentials: RegistryCredentials) -> Failure {
        guard [400, 401, 403].contains(reply.status) else {
            return Failure(.network, "the token service of \(scope.registry) answered \(reply.status)")
        }
        let reason =
            credentials == .anonymous
            ? "\(scope.registry) lets nobody \(scope.access.verb) \(scope.path) without a log-in"
            : "\(scope.registry) refuses the stored credentials for \(scope.path)"
        return Failure(
            scope.access.code, reason, remedy: "Log in with: docker login \(scope.registry)", cause: .credentials)
    }

    private static func basic(_ credentials: RegistryCredentials) -> String? {
        guard case .password(let user, let password) = credentials else { return nil }
        return "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }
}

/// What a request does with a repository.
enum Access: Hashable, Sendable {
    case pull, push

    /// The actions of a token's scope.
    var actions: String { self == .pull ? "pull" : "pull,push" }
    var verb: String { self == .pull ? "read" : "write" }
    var code: ErrorCode { self == .pull ? .imagePull : .imagePush }
}

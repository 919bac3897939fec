import DeploymentModel
import HTTP
import JSON
import LoopbackServer
import Testing

@testable import OCI

@Suite("Log-in at OCI registries", .tags(.medium), .timeLimit(.minutes(1)))
struct AuthenticationTests {
    let registry: FakeRegistry

    init() throws {
        registry = try FakeRegistry()
        registry.addImage("amd64", tags: ["1"])
    }

    /// Wants a token of the token service at a URL, for this access.
    func wantTokens(from realm: String) {
        registry.override { request in
            guard request.header("authorization") != "Bearer good" else { return nil }
            let challenge = #"Bearer realm="\#(realm)",service="fake",scope="repository:a/b:pull""#
            return Reply(401, headers: [("WWW-Authenticate", challenge)], "")
        }
    }

    @Test("A token is fetched once and used again")
    func token() async throws {
        let service = try LoopbackServer.answering { _ in Reply(#"{"token":"good","expires_in":300}"#) }
        wantTokens(from: service.url + "/token?x=1")
        let client = OCIRegistryClient.impatient()
        for _ in 0..<3 { _ = try await client.manifest(of: registry.image("a/b:1")) }
        #expect(service.requests.map(\.target) == ["/token?x=1&scope=repository%3Aa%2Fb%3Apull&service=fake"])
        #expect(service.requests.first?.header("authorization") == nil)
        #expect(registry.server.requests.count == 4)
    }

    @Test("A password goes to the token service, not to the registry")
    func password() async throws {
        let service = try LoopbackServer.answering { _ in Reply(#"{"access_token":"good"}"#) }
        wantTokens(from: service.url + "/token")
        let client = OCIRegistryClient.impatient(
            credentials: FixedCredentials(value: .password(user: "user", password: "pa:ss")))
        _ = try await client.manifest(of: registry.image("a/b:1"))
        #expect(service.requests.map { $0.header("authorization") } == ["Basic dXNlcjpwYTpzcw=="])
        #expect(registry.server.requests.map { $0.header("authorization") } == [nil, "Bearer good"])
    }

    @Test("An identity token is traded by POST")
    func identityToken() async throws {
        let service = try LoopbackServer.answering { _ in Reply(#"{"access_token":"good"}"#) }
        wantTokens(from: service.url + "/token")
        let client = OCIRegistryClient.impatient(credentials: FixedCredentials(value: .identityToken("re fresh")))
        _ = try await client.manifest(of: registry.image("a/b:1"))
        let request = try #require(service.requests.first)
        #expect(request.method == "POST")
        #expect(request.bodyText.contains("grant_type=refresh_token"))
        #expect(request.bodyText.contains("refresh_token=re%20fresh"))
    }

    @Test("A token that is no longer good is replaced once")
    func expired() async throws {
        let service = try LoopbackServer.answering { _ in Reply(#"{"token":"bad","expires_in":300}"#) }
        wantTokens(from: service.url + "/token")
        let client = OCIRegistryClient.impatient()
        let image = try registry.image("a/b:1")
        for _ in 0..<2 { await expectRefusal(client, image) }
        #expect(service.requests.count == 2)
    }

    @Test("A basic challenge is answered with the password, and at once the next time")
    func basic() async throws {
        registry.override { request in
            request.header("authorization") == "Basic dTpw"
                ? nil : Reply(401, headers: [("WWW-Authenticate", #"Basic realm="x""#)], "")
        }
        let client = OCIRegistryClient.impatient(
            credentials: FixedCredentials(value: .password(user: "u", password: "p")))
        for _ in 0..<2 { _ = try await client.manifest(of: registry.image("a/b:1")) }
        #expect(registry.server.requests.map { $0.header("authorization") } == [nil, "Basic dTpw", "Basic dTpw"])
    }

    @Test("Who is not let in is told how to log in", arguments: ["Basic realm=x", "Negotiate", ""])
    func refused(challenge: String) async throws {
        registry.override { _ in Reply(401, headers: [("WWW-Authenticate", challenge)], "") }
        await expectRefusal(OCIRegistryClient.impatient(), try registry.image("a/b:1"))
    }

    @Test("A token service over plain http elsewhere gets nothing")
    func insecureRealm() async throws {
        wantTokens(from: "http://auth.example/token")
        let client = OCIRegistryClient.impatient(
            credentials: FixedCredentials(value: .password(user: "u", password: "p")))
        let image = try registry.image("a/b:1")
        do throws(Failure) {
            _ = try await client.manifest(of: image)
            Issue.record("no failure")
        } catch {
            #expect(error.code == .network)
            #expect(error.message.contains("not reached by https"))
        }
    }

    @Test(
        "Plain HTTP is for loopback and for what is named",
        arguments: [
            ("127.0.0.1:5000", "http://127.0.0.1:5000"), ("localhost:5000", "http://localhost:5000"),
            ("[::1]:5000", "http://[::1]:5000"), ("registry.lan:5000", "http://registry.lan:5000"),
            ("registry.lan", "https://registry.lan"), ("ghcr.io", "https://ghcr.io"),
            ("docker.io", "https://registry-1.docker.io"), ("127.0.0.1.example", "https://127.0.0.1.example"),
        ])
    func plainHTTP(registry: String, base: String) throws {
        let named = try #require(RegistryHost("registry.lan:5000"))
        #expect(OCIEndpoint(registry: registry, insecure: [named]).base == base)
    }

    @Test("A registry is named by host and port", arguments: ["http://a.example", "a.example/b", "a", "", "a b.c"])
    func noHost(text: String) {
        #expect(RegistryHost(text) == nil)
    }

    @Test("A token service without https is asked only when it is named")
    func insecureTokenService() async throws {
        wantTokens(from: "http://auth.invalid/token")
        let named = try #require(RegistryHost("auth.invalid"))
        let client = OCIRegistryClient.impatient(attempts: 1, insecure: [named])
        let image = try registry.image("a/b:1")
        do throws(Failure) {
            _ = try await client.manifest(of: image)
            Issue.record("no failure")
        } catch {
            // Nobody is there: but it was asked.
            #expect(error.message.contains("can't be reached"), "\(error)")
        }
    }

    @Test("A token for a mount is for both repositories")
    func mountToken() async throws {
        let service = try LoopbackServer.answering { _ in Reply(#"{"token":"good","expires_in":300}"#) }
        let layout = try PushTests.Layout()
        let uploads = PushTests.Uploads(mountable: [layout.layer.description, layout.config.description])
        registry.override { [url = service.url] request in
            guard request.header("authorization") != "Bearer good" else { return uploads.reply(request) }
            let both = request.target.contains("from=") ? " repository:base/x:pull" : ""
            let challenge = #"Bearer realm="\#(url)/t",service="fake",scope="repository:a/b:pull,push\#(both)""#
            return Reply(401, headers: [("WWW-Authenticate", challenge)], "")
        }
        let client = OCIRegistryClient.impatient()
        _ = try await client.push(
            layout: layout.folder, to: registry.image("a/b"), mountingFrom: [registry.image("base/x:1")])
        let scope = "scope=repository%3Aa%2Fb%3Apull%2Cpush%20repository%3Abase%2Fx%3Apull"
        #expect(service.requests.contains { $0.target.contains(scope) }, "\(service.requests.map(\.target))")
    }

    @Test("A token that is said to last for ever is no trouble", arguments: ["9223372036854775807", "-1", "0"])
    func lifetime(seconds: String) async throws {
        let service = try LoopbackServer.answering { _ in Reply(#"{"token":"good","expires_in":\#(seconds)}"#) }
        wantTokens(from: service.url + "/token")
        let client = OCIRegistryClient.impatient()
        for _ in 0..<2 { _ = try await client.manifest(of: registry.image("a/b:1")) }
        #expect(service.requests.count == 1)
    }

    @Test("A registry that recovers is asked again; one that does not is an error of the network")
    func retries() async throws {
        let image = try registry.image("a/b:1")
        registry.override { [server = registry.server] _ in server.requests.count < 3 ? Reply(503, "") : nil }
        _ = try await OCIRegistryClient.impatient().manifest(of: image)
        registry.override { _ in Reply(503, "") }
        do throws(Failure) {
            _ = try await OCIRegistryClient.impatient(attempts: 2).manifest(of: image)
            Issue.record("no failure")
        } catch {
            #expect(error.code == .network)
        }
        #expect(registry.server.requests.count == 5)
    }

    @Test("A registry that is not there is an error of the network")
    func unreachable() async throws {
        let port = try RefusingPort()
        let image = try ImageReference("127.0.0.1:\(port.port)/a/b:1")
        do throws(Failure) {
            _ = try await OCIRegistryClient.impatient().manifest(of: image)
            Issue.record("no failure")
        } catch {
            #expect(error.code == .network)
        }
    }

    private func expectRefusal(_ client: OCIRegistryClient, _ image: ImageReference) async {
        do throws(Failure) {
            _ = try await client.manifest(of: image)
            Issue.record("no failure")
        } catch {
            #expect(error.code == .imagePull)
            #expect(error.cause == .credentials)
            #expect(error.remedy?.contains("docker login \(registry.name)") == true)
        }
    }
}

import DeploymentModel
import Docker
import FoundationEssentials
import Git
import HTTP
import JSON
import LoopbackServer
import Modal
import OCI
import RegistryCatalog
import TestSupport
import Testing

@testable import CLI

/// Each check of the doctor, made to fail.
@Suite(.tags(.medium), .timeLimit(.minutes(2)))
struct DoctorCheckTests {
    private func states(_ findings: [Finding]) -> [String] { findings.map { "\($0.check): \($0.state)" } }

    // MARK: The engine

    /// An engine that tells this of itself.
    private func engine(
        _ facts: String, _ body: (DockerEngine) async throws -> Void
    ) async throws {
        let folder = try TestSupport.TemporaryFolder()
        let server = try LoopbackServer.answering(unixSocket: folder.path + "/s") { request in
            request.path == "/_ping" ? Reply(headers: [("Api-Version", "1.45")], "OK") : Reply(facts)
        }
        try await body(DockerEngine(EngineClient(try EngineAddress("unix://\(folder.path)/s"))))
        withExtendedLifetime(server) {}
    }

    @Test func `an engine that is not there is an error, with what to do`() async throws {
        let nowhere = DockerEngine(EngineClient(try EngineAddress("unix:///nowhere/docker.sock")))
        let findings = await EngineCheck(engine: .success(nowhere)).findings()
        #expect(states(findings) == ["engine: error"])
        #expect(findings[0].finding.contains("/nowhere/docker.sock") && findings[0].remedy != nil)
        let unreadable = await EngineCheck(engine: .failure(Failure(.docker, "no address"))).findings()
        #expect(states(unreadable) == ["engine: error"] && unreadable[0].remedy == "docker info")
    }

    @Test func `a platform without a handler is warned of, one that the host has is not`() async throws {
        let folder = try TestSupport.TemporaryFolder()
        try await engine(#"{"ServerVersion":"26.1.5","Architecture":"x86_64"}"#) { engine in
            let check = EngineCheck(handlers: folder.path, engine: .success(engine))
            let missing = await check.findings()
            #expect(states(missing) == ["engine: ok", "platforms: warning"])
            #expect(missing[0].finding.contains("Docker 26.1.5, API 1.45"))
            #expect(missing[1].remedy?.hasSuffix("--install arm64") == true)
            let handler = URL(filePath: folder.path + "/qemu-aarch64")
            try Data("disabled\n".utf8).write(to: handler)
            #expect(states(await check.findings()).last == "platforms: warning")
            try Data("enabled\ninterpreter /usr/bin/qemu-aarch64\n".utf8).write(to: handler)
            #expect(states(await check.findings()).last == "platforms: ok")
        }
        try await engine(#"{"ServerVersion":"26.1.5","Architecture":"riscv64"}"#) { engine in
            let strange = await EngineCheck(handlers: folder.path, engine: .success(engine)).findings()
            #expect(states(strange).last == "platforms: error")
        }
    }

    @Test func `buildx that is missing is warned of, a builder that does not answer is an error`() {
        #expect(BuildxCheck.finding(nil).state == .warning && BuildxCheck.finding(nil).remedy != nil)
        let version = "github.com/docker/buildx v0.13.1 abcdef\n"
        let dead = BuildxCheck.finding(BuildxFacts(version: version, inspected: nil))
        #expect(dead.state == .error && dead.remedy == "docker buildx use default")
        let inspected =
            "Name:          near\nDriver:        docker\n\nNodes:\nName: near0\nPlatforms: linux/amd64*, linux/386\n"
        let good = BuildxCheck.finding(BuildxFacts(version: version, inspected: inspected))
        #expect(good == .ok("buildx", "buildx 0.13.1, builder near (docker) for linux/amd64"))
    }

    // MARK: The disk

    @Test(arguments: [(10 << 30, Finding.State.ok), (3 << 30, .warning), (1 << 29, .error)])
    func `little room is warned of, next to none is an error`(bytes: Int64, state: Finding.State) {
        let check = DiskCheck(free: { _ in bytes }, variables: ["HOME": "/home/me"])
        let findings = check.findings(engine: "/var/lib/docker")
        #expect(findings.map(\.state) == [state, state])
        #expect(findings[1].finding.contains("/home/me/.cache/pinion"))
        #expect(findings.allSatisfy { ($0.remedy == nil) == (state == .ok) })
    }

    @Test func `the room is that of where a folder will be, and one that can't be looked at is warned of`() throws {
        let folder = try TestSupport.TemporaryFolder()
        let here = DiskCheck(variables: ["XDG_CACHE_HOME": folder.path + "/not/yet"]).findings(engine: nil)
        #expect(here.count == 1 && here[0].finding.contains("GiB free at \(folder.path)/not/yet/pinion"))
        let unknown = DiskCheck(free: { _ in nil }, variables: [:]).findings(engine: "/elsewhere")
        #expect(states(unknown) == ["disk of images: warning"])
    }

    // MARK: The OCI registry and the clock

    private func registry(
        _ login: DockerCredentials? = nil, now: Int? = nil, port: Int? = nil,
        _ reply: @escaping @Sendable (ReceivedRequest) -> Reply
    ) async throws -> [Finding] {
        let server = try LoopbackServer.answering(reply)
        let logins = login ?? DockerCredentials(files: []) { _, _ throws(Failure) in .anonymous }
        let environment = EnvironmentSpec(name: "local", registry: "127.0.0.1:\(port ?? server.port)/me", pins: .record)
        var check = OCIRegistryCheck(
            environment: environment, logins: logins, client: OCIRegistryClient(credentials: logins))
        if let now { check.now = { now } }
        let findings = await check.findings()
        withExtendedLifetime(server) {}
        return findings
    }

    @Test func `a registry that is open, gone, or none at all`() async throws {
        #expect(states(try await registry { _ in Reply("{}") }) == ["OCI registry: ok"])
        let port = try RefusingPort()
        let gone = try await registry(port: port.port) { _ in Reply("{}") }
        #expect(states(gone) == ["OCI registry: error"] && gone[0].remedy?.contains(EnvironmentSpec.file) == true)
        let other = try await registry { _ in Reply(404, "Not here") }
        #expect(states(other) == ["OCI registry: error"] && other[0].finding.contains("is no OCI registry"))
    }

    @Test func `a log-in that is missing or refused is an error, and docker login its remedy`() async throws {
        let wants: @Sendable (ReceivedRequest) -> Reply = { request in
            request.header("authorization") == "Basic bWU6cmlnaHQ="
                ? Reply("{}") : Reply(401, headers: [("WWW-Authenticate", "Basic realm=\"r\"")], "")
        }
        let stores = try DockerCredentials.reading(
            environment: ["DOCKER_AUTH_CONFIG": #"{"credsStore":"x"}"#]
        ) { _, _ throws(Failure) in .password(user: "me", password: "right") }
        let good = try await registry(stores, wants)
        #expect(good.map(\.state) == [.ok] && good[0].finding.contains("takes the log-in"))
        let wrong = try DockerCredentials.reading(
            environment: ["DOCKER_AUTH_CONFIG": #"{"credsStore":"x"}"#]
        ) { _, _ throws(Failure) in .password(user: "me", password: "secret-canary") }
        for findings in [try await registry(nil, wants), try await registry(wrong, wants)] {
            #expect(findings.map(\.state) == [.error])
            #expect(findings[0].remedy?.contains("docker login 127.0.0.1:") == true)
            #expect(!findings[0].finding.contains("canary"))
        }
    }

    @Test func `a token that everybody gets is no log-in`() async throws {
        let server = try LoopbackServer.answering { _ in Reply(#"{"token":"abc"}"#) }
        let findings = try await registry { request in
            request.header("authorization") == "Bearer abc"
                ? Reply("{}")
                : Reply(401, headers: [("WWW-Authenticate", "Bearer realm=\"\(server.url)/token\"")], "")
        }
        #expect(findings.map(\.state) == [.error] && findings[0].finding.contains("no log-in"))
    }

    @Test(arguments: [(0, Finding.State.ok), (-2, .ok), (8, .warning), (-90, .error)])
    func `a clock that is off is told`(skew: Int, state: Finding.State) async throws {
        let theirs = "Sun, 06 Nov 1994 08:49:37 GMT"
        let findings = try await registry(now: 784_111_777 + skew) { _ in Reply(headers: [("Date", theirs)], "{}") }
        #expect(states(findings) == ["OCI registry: ok", "clock: \(state)"])
        #expect((findings[1].remedy == nil) == (state == .ok))
    }

    // MARK: The git remote

    private func git(_ address: String, remote: String? = nil, silence: Duration = .seconds(20)) async throws
        -> [Finding]
    {
        let checkout = try GitCheckout(["a.txt": "a"])
        try checkout.git(["remote", "add", "origin", address])
        return await GitCheck(
            repo: checkout.path, remote: remote, variables: checkout.environment, silence: silence
        ).findings()
    }

    @Test func `a remote that takes pushes is good, and a repository without one needs none`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "a"])
        let tip = try await fixture.repository.commit(at: "main").id
        #expect(states(try await git(fixture.path)) == ["git remote: ok"])
        #expect(try await fixture.repository.commit(at: "main").id == tip)
        let alone = try GitCheckout(["a.txt": "a"])
        let check = GitCheck(repo: alone.path, remote: nil, variables: alone.environment)
        #expect(await check.findings() == [])
    }

    @Test func `a remote that is gone is an error for who works on it, else a warning`() async throws {
        let port = try RefusingPort()
        let address = "http://127.0.0.1:\(port.port)/a.git"
        #expect(states(try await git(address)) == ["git remote: warning"])
        let needed = try await git(address, remote: "origin")
        #expect(states(needed) == ["git remote: error"] && needed[0].remedy == "git ls-remote origin")
        #expect(states(try await git(address, remote: "nobody")) == ["git remote: error"])
    }

    @Test func `a remote that wants a log-in, and one that refuses who is logged in`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "a"])
        let server = try GitServer(root: fixture.folder.path, user: "me", password: "secret-canary")
        let findings = try await git("http://127.0.0.1:\(server.http)/registry.git", remote: "origin")
        #expect(states(findings) == ["git remote: error"])
        #expect(findings[0].remedy?.contains("gh auth login") == true, "\(findings)")
        #expect(server.requests.contains { $0.contains("git-receive-pack") }, "it is pushing that is asked for")
        let refusing = try LoopbackServer.answering { _ in Reply(403, "no") }
        let forbidden = try await git("\(refusing.url)/a.git", remote: "origin")
        #expect(states(forbidden) == ["git remote: error"] && forbidden[0].remedy?.contains("gh auth login") == true)
    }

    @Test func `a remote that never answers is not waited for`() async throws {
        let silent = try LoopbackServer { connection in while connection.readRequest() != nil {} }
        let findings = try await git("\(silent.url)/a.git", remote: "origin", silence: .milliseconds(200))
        #expect(findings.map(\.state) == [.error] && findings[0].finding.contains("has not answered"))
    }

    // MARK: Modal

    @Test func `an environment that Modal has not is an error, keys that are not set a warning`() throws {
        let facts = try JSONDecoder().decode(
            ModalFacts.self,
            from: Data(
                #"{"python":"3.11","sdk":"1.6.4","server":"modal.com","hasToken":true,"environments":["main"]}"#.utf8))
        let bad = ModalCheck.findings(facts, "staging", hasProxyKeys: false)
        #expect(
            states(bad) == [
                "Python: ok", "SDK: ok", "Modal: ok", "environment: error", "proxy keys: warning",
            ])
        #expect(bad[3].remedy == "modal environment create staging")
        #expect(ModalCheck.findings(facts, "main", hasProxyKeys: true).allSatisfy { $0.state == .ok })
    }

    // MARK: All of them

    @Test func `what never answers is told of, the others are in their order`() async {
        let findings = await Examination.findings(of: [
            Examination("slow", limit: .milliseconds(50), remedy: "look") {
                // As a library would that knows nothing of cancellation.
                await withCheckedContinuation { (_: CheckedContinuation<[Finding], Never>) in }
            },
            Examination("quick", remedy: "look") { [.ok("quick", "fine")] },
        ])
        #expect(findings.map(\.check) == ["slow", "quick"])
        #expect(findings[0].state == .error && findings[0].remedy == "look" && findings[1].state == .ok)
    }

    @Test func `the document has a version, remedies are below their lines, and errors exit with 1`() async throws {
        let fixture = try await RepositoryFixture([
            "pipelines/environments.yaml":
                "environments:\n  local: {target: docker, registry: \"127.0.0.1:1/me\", pins: record}\n"
        ])
        let nowhere: [String: String?] = ["DOCKER_HOST": "unix:///nowhere/docker.sock"]
        let run = try await Pinion.run(["doctor", "--repo", fixture.path, "--json"], environment: nowhere)
        #expect(run.exitCode == 1, "\(run.stderr)")
        let report = try run.json()
        #expect(report["schema_version"] == 1 && report["environment"] == "local" && report["target"] == "docker")
        let checks = (report["findings"]?.arrayValue ?? []).compactMap { $0["check"]?.stringValue }
        #expect(checks.starts(with: ["repository", "engine"]) && !checks.contains("Modal"), "\(checks)")
        #expect(!run.stdout.contains("buildx use"), "what the engine's own builder lacks is the engine")
        let text = try await Pinion.run(["doctor", "--repo", fixture.path], environment: nowhere)
        #expect(text.exitCode == 1 && text.stdout.contains("✗ engine"), "\(text.stdout)")
        let none = try await Pinion.run(["doctor", "--repo", fixture.folder.path + "/nothing"], environment: nowhere)
        #expect(none.exitCode == 1 && none.stdout.contains("✗ repository"), "\(none.stdout)")
    }
}

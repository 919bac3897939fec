import DeploymentModel
import HTTP
import JSON
import LoopbackServer
import Testing

@testable import Docker

@Suite("The engine's API", .tags(.medium), .timeLimit(.minutes(1)))
struct EngineClientTests {
    let image: ImageReference
    let digest: Digest

    init() throws {
        digest = try Digest("sha256:" + String(repeating: "a", count: 64))
        image = ImageReference(registry: "127.0.0.1:5000", path: "a/b", digest: digest)
    }

    @Test(
        "The newest version that both sides know is spoken",
        arguments: [("1.41", "/v1.41/info"), ("1.45", "/v1.45/info"), ("1.52", "/v1.47/info")])
    func version(theirs: String, target: String) async throws {
        let fake = try FakeEngine(version: theirs) { _, _ in Reply("{}") }
        _ = try await fake.client.information()
        _ = try await fake.client.information()
        #expect(fake.server.requests.map(\.target) == ["/_ping", target, target])
    }

    @Test("An engine that is too old, and a server that is none, are named")
    func noEngine() async throws {
        let old = try FakeEngine(version: "1.40") { _, _ in Reply("{}") }
        await expectFailure(.docker, "speaks API 1.40") { try await old.client.information() }
        let folder = try TemporaryFolder()
        let server = try LoopbackServer.answering(unixSocket: folder.path + "/s") { _ in Reply("hello") }
        let client = EngineClient(try EngineAddress("unix://\(folder.path)/s"))
        await expectFailure(.docker, "is no Docker engine") { try await client.information() }
        #expect(server.requests.count == 1)
    }

    @Test("Nobody there: the address, and what to do")
    func unreachable() async throws {
        let folder = try TemporaryFolder()
        let port = try RefusingPort()
        for text in ["unix://\(folder.path)/s", "tcp://127.0.0.1:\(port.port)"] {
            let engine = DockerEngine(EngineClient(try EngineAddress(text)))
            await expectFailure(.docker, "no Docker engine answers at \(text)") {
                try await engine.containers()
            } check: {
                #expect($0.remedy?.contains("Is Docker running?") == true)
                #expect($0.remedy?.contains("DOCKER_HOST=") == true)
            }
        }
    }

    @Test("An engine that dies in its answer is an error, not an empty answer")
    func dies() async throws {
        let folder = try TemporaryFolder()
        let server = try LoopbackServer(unixSocket: folder.path + "/s") { connection in
            while let request = connection.readRequest() {
                if request.path == "/_ping" {
                    connection.write("HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 0\r\n\r\n")
                } else {
                    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n")
                    return
                }
            }
        }
        let engine = DockerEngine(EngineClient(try EngineAddress("unix://\(folder.path)/s")))
        await expectFailure(.docker, "did not finish its answer") { try await engine.containers() }
        withExtendedLifetime(server) {}
    }

    @Test("A refusal comes in the engine's words")
    func refusal() async throws {
        let fake = try FakeEngine { _, _ in Reply(500, #"{"message":"out of disk"}"#) }
        await expectFailure(.docker, "Docker: out of disk") { try await fake.client.information() }
    }

    @Test("An error behind a status of 200 is one, for pulls and for pushes")
    func lateError() async throws {
        let fake = try FakeEngine { _, _ in
            Reply(
                """
                {"status":"Pulling from a/b"}\r
                {"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}\r

                """)
        }
        await expectFailure(.imagePull, "manifest unknown") {
            try await fake.client.pull(image, platform: .arm64, credentials: .anonymous)
        }
        await expectFailure(.imagePush, "manifest unknown") {
            try await fake.client.push(image.tagged("1"), credentials: .anonymous)
        }
    }

    @Test("A pull names repository, digest and platform, and carries the credentials")
    func pull() async throws {
        let digest = digest
        let fake = try FakeEngine { request, _ in
            request.method == "POST"
                ? Reply(#"{"status":"Digest: x"}"#)
                : request.target.hasSuffix("/json") ? nil : Reply("{}")
        }
        let lines = Lines()
        try await fake.client.pull(
            image, platform: .arm64, credentials: .password(user: "u", password: "p?~"), report: lines.append)
        #expect(
            fake.calls == [
                "POST /v1.45/images/create?fromImage=127.0.0.1%3A5000%2Fa%2Fb&tag=sha256%3A\(digest.hex)"
                    + "&platform=linux%2Farm64"
            ])
        #expect(lines.all == ["Digest: x"])
        let header = fake.server.requests.last?.header("x-registry-auth")
        #expect(
            header == RegistryCredentials.password(user: "u", password: "p?~").engineHeader(for: "127.0.0.1:5000"))
    }

    @Test("The digest of a push is that of its last aux line; none is an error")
    func push() async throws {
        let digest = digest
        let fake = try FakeEngine { request, _ in
            request.target.contains("tag=1")
                ? Reply(
                    """
                    {"status":"Pushing","progressDetail":{"current":1,"total":2},"id":"x"}
                    {"progressDetail":{},"aux":{"Tag":"1","Digest":"\(digest)","Size":1}}
                    """)
                : Reply(#"{"status":"done"}"#)
        }
        #expect(try await fake.client.push(image.tagged("1"), credentials: .anonymous) == digest)
        #expect(fake.server.requests.last?.header("x-registry-auth") == "e30=")
        // As an engine with containerd's store does.
        #expect(try await fake.client.push(image.tagged("2"), credentials: .anonymous) == nil)
    }

    @Test("Containers are those with the label; strangers' labels don't disturb")
    func containers() async throws {
        let fake = try FakeEngine { request, _ in
            Reply(
                """
                [{"Id":"1","Names":["/a"],"ImageID":"sha256:1","State":"running","Labels":{"dev.pinion.ref":"a/b@1",
                "dev.pinion.spec":"s"},"Ports":[{"PrivatePort":9,"Type":"tcp"},{"IP":"127.0.0.1","PrivatePort":8000,
                "PublicPort":4711,"Type":"tcp"}]},
                {"Id":"2","Names":["/b"],"ImageID":"sha256:2","State":"exited","Labels":{"dev.pinion.ref":"a/b@2"}},
                {"Id":"3","Names":["/c"],"State":"running","Labels":{"dev.pinion.ref":"nonsense"}}]
                """)
        }
        let ref = (try ProcessorRef("a/b@1"), try ProcessorRef("a/b@2"))
        #expect(
            try await DockerEngine(fake.client).containers() == [
                ObservedContainer(
                    id: "1", name: "a", ref: ref.0, imageID: "sha256:1", isRunning: true, specHash: "s", hostPort: 4711),
                ObservedContainer(
                    id: "2", name: "b", ref: ref.1, imageID: "sha256:2", isRunning: false, specHash: nil, hostPort: nil),
            ])
        #expect(
            fake.calls == ["GET /v1.45/containers/json?all=1&filters=%7B%22label%22%3A%5B%22dev.pinion.ref%22%5D%7D"])
    }

    @Test("What is gone is no error where gone is what was wanted")
    func gone() async throws {
        let fake = try FakeEngine { _, _ in nil }
        let engine = DockerEngine(fake.client)
        try await engine.remove("x/y", graceSeconds: 3)
        #expect(fake.calls == ["POST /v1.45/containers/x%2Fy/stop?t=3", "DELETE /v1.45/containers/x%2Fy?v=1&force=1"])
        #expect(try await engine.state(of: "x") == nil)
        #expect(try await engine.logTail(of: "x", lines: 3) == "")
        #expect(try await engine.imageID(of: image) == nil)
        #expect(try await fake.client.waitForContainer("x") == nil)
        try await fake.client.removeImage(image)
        try await fake.client.killContainer("x")
    }

    @Test("A container that does not start is removed again, and the reason is the engine's")
    func cannotStart() async throws {
        let fake = try FakeEngine { request, path in
            switch (request.method, path.prefix { $0 != "?" }) {
            case ("GET", "/info"): Reply(#"{"NCPU":2}"#)
            case ("POST", "/containers/create"): Reply(201, #"{"Id":"c1"}"#)
            case ("POST", "/containers/c1/start"): Reply(500, #"{"message":"exec: no such file"}"#)
            case ("DELETE", "/containers/c1"): Reply(204, "")
            default: nil
            }
        }
        await expectFailure(.docker, "exec: no such file") { try await DockerEngine(fake.client).start(try spec()) }
        #expect(fake.calls.last == "DELETE /v1.45/containers/c1?v=1&force=1")
    }

    @Test(
        "An image that the engine does not hold, and a name that is taken, are told apart",
        arguments: [
            (404, ErrorCode.imagePull, "No such image"), (409, .docker, "docker rm -f"),
            (400, .docker, "bad parameter"),
        ])
    func cannotCreate(status: Int, code: ErrorCode, text: String) async throws {
        let other = """
            {"Id":"c1","Config":{"Labels":{"dev.pinion.ref":"text/other@1"}},"State":{"Running":true}}
            """
        let fake = try FakeEngine { request, path in
            if path == "/info" { return Reply("{}") }
            guard request.method == "POST" else { return Reply(other) }
            return Reply(status, #"{"message":"No such image, or bad parameter"}"#)
        }
        await expectFailure(code) {
            try await DockerEngine(fake.client).start(try spec())
        } check: {
            #expect("\($0.message) \($0.remedy ?? "")".contains(text))
        }
    }

    @Test("A pull of an image that is there asks nobody; one for another platform is refused")
    func held() async throws {
        let fake = try FakeEngine { _, path in
            path.hasSuffix("/json") ? Reply(#"{"Id":"sha256:1","Architecture":"arm64"}"#) : nil
        }
        let engine = DockerEngine(fake.client)
        #expect(try await engine.pull(image, platform: .arm64) == "sha256:1")
        await expectFailure(.imagePlatform, "is for arm64, not for amd64") {
            try await engine.pull(image, platform: .amd64)
        }
        #expect(fake.calls.allSatisfy { $0.hasPrefix("GET ") })
    }

    @Test("Log frames of both streams come as one text, across any cut")
    func logs() async throws {
        let frames =
            [UInt8]([1, 0, 0, 0, 0, 0, 0, 4]) + Array("out\n".utf8) + [2, 0, 0, 0, 0, 0, 1, 0]
            + [UInt8](repeating: 120, count: 256)
        let fake = try FakeEngine { _, _ in Reply(body: frames) }
        let expected = "out\n" + String(repeating: "x", count: 256)
        #expect(try await DockerEngine(fake.client).logTail(of: "x", lines: 7) == expected)
        #expect(fake.calls == ["GET /v1.45/containers/x/logs?stdout=1&stderr=1&tail=7"])
        for size in 1...20 {
            var demultiplexer = LogDemultiplexer()
            var text: [UInt8] = []
            for start in stride(from: 0, to: frames.count, by: size) {
                text += demultiplexer.receive(Array(frames[start..<min(start + size, frames.count)]))
            }
            #expect(text == Array(expected.utf8))
        }
    }

    private func spec() throws -> ContainerSpec {
        ContainerSpec(
            name: "n", processor: Processor(ref: try ProcessorRef("a/b@1"), specHash: "s"), image: image.description,
            platform: .amd64, environment: [:])
    }
}

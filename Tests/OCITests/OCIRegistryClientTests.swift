import DeploymentModel
import HTTP
import JSON
import LoopbackServer
import Synchronization
import Testing

@testable import OCI

@Suite("OCI registries", .tags(.medium), .timeLimit(.minutes(1)))
struct OCIRegistryClientTests {
    let registry: FakeRegistry
    let client = OCIRegistryClient.impatient()

    init() throws {
        registry = try FakeRegistry()
    }

    func expectFailure<Value>(
        _ code: ErrorCode, _ text: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws(Failure) -> Value
    ) async {
        do throws(Failure) {
            _ = try await body()
            Issue.record("no failure", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
            #expect(error.message.contains(text), "\(error)", sourceLocation: sourceLocation)
        }
    }

    // MARK: Manifests

    @Test("All four types are asked for")
    func accept() async throws {
        registry.addImage("amd64", tags: ["1"])
        _ = try await client.manifest(of: registry.image("a/b:1"))
        let accept = try #require(registry.server.requests.first?.header("accept"))
        for type in MediaType.allCases { #expect(accept.contains(type.rawValue)) }
    }

    @Test("An index gives one child for each platform and leaves attestations and strangers out")
    func index() async throws {
        let (amd64, arm64) = (registry.addImage("amd64"), registry.addImage("arm64"))
        let other = registry.addImage("s390x")
        registry.addIndex(
            [
                FakeRegistry.entry(other, "amd64", variant: "v3"), FakeRegistry.entry(amd64, "amd64"),
                FakeRegistry.entry(other, "amd64", variant: "v2"), FakeRegistry.attestation(of: amd64),
                FakeRegistry.entry(arm64, "arm64", variant: "v8"), FakeRegistry.entry(other, "unknown", os: "unknown"),
                FakeRegistry.entry(other, "s390x"), FakeRegistry.entry(other, "amd64", os: "windows"),
            ], tags: ["1"])
        let found = try await client.platforms(of: registry.image("a/b:1"))
        let image = try registry.image("a/b")
        #expect(found == [.amd64: image.pinned(to: amd64), .arm64: image.pinned(to: arm64)])
    }

    @Test("A plain manifest is one image for the platform of its config")
    func plain() async throws {
        let digest = registry.addImage("arm64", tags: ["1"])
        let image = try registry.image("a/b:1")
        #expect(try await client.platforms(of: image) == [.arm64: image.pinned(to: digest)])
        #expect(try await client.platform(of: image) == .arm64)
    }

    @Test("Children without a platform, and indexes in an index, are looked into")
    func nested() async throws {
        let (amd64, arm64) = (registry.addImage("amd64"), registry.addImage("arm64"))
        let inner = registry.addIndex([FakeRegistry.entry(arm64, "arm64")])
        registry.addIndex(
            [FakeRegistry.entry(amd64, nil), FakeRegistry.entry(inner, nil, type: .index)], tags: ["1"])
        let image = try registry.image("a/b:1")
        #expect(
            try await client.platforms(of: image) == [.amd64: image.pinned(to: amd64), .arm64: image.pinned(to: arm64)])
    }

    @Test("Indexes nested without end are given up")
    func depth() async throws {
        var digest = registry.addImage("amd64")
        for _ in 0..<5 { digest = registry.addIndex([FakeRegistry.entry(digest, nil, type: .index)]) }
        let image = try registry.image("a/b").pinned(to: digest)
        await expectFailure(.imagePull, "nests indexes") { () async throws(Failure) in
            try await client.platforms(of: image)
        }
    }

    @Test("An index has no platform, nor has an image for another system")
    func noPlatform() async throws {
        let digest = registry.addImage("amd64", os: "windows", tags: ["windows"])
        registry.addIndex([FakeRegistry.entry(digest, "amd64", os: "windows")], tags: ["index"])
        let (windows, index) = (try registry.image("a/b:windows"), try registry.image("a/b:index"))
        await expectFailure(.imagePlatform, "windows/amd64") { () async throws(Failure) in
            try await client.platform(of: windows)
        }
        await expectFailure(.imagePlatform, "index of several") { () async throws(Failure) in
            try await client.platform(of: index)
        }
        await expectFailure(.imagePlatform, "neither for amd64") { () async throws(Failure) in
            try await client.platforms(of: index)
        }
    }

    @Test("Altered content under a digest is refused")
    func alteredManifest() async throws {
        let digest = registry.addImage("amd64")
        registry.override { request in
            request.path.contains("/manifests/")
                ? Reply(headers: [("Content-Type", MediaType.manifest.rawValue)], ManifestTests.image) : nil
        }
        let image = try registry.image("a/b").pinned(to: digest)
        await expectFailure(.imagePull, "something else") { () async throws(Failure) in
            try await client.manifest(of: image)
        }
    }

    @Test("A digest header that the bytes contradict is refused")
    func lyingHeader() async throws {
        registry.override { _ in
            Reply(
                headers: [
                    ("Content-Type", MediaType.manifest.rawValue), ("Docker-Content-Digest", ManifestTests.digest),
                ], ManifestTests.image)
        }
        let image = try registry.image("a/b:1")
        await expectFailure(.imagePull, "something else") { () async throws(Failure) in
            try await client.manifest(of: image)
        }
    }

    @Test("A log-in page is no manifest, for GET and for HEAD")
    func loginPage() async throws {
        registry.override { _ in
            Reply(headers: [("Content-Type", "text/html"), ("Docker-Content-Digest", ManifestTests.digest)], "<html>")
        }
        let image = try registry.image("a/b:1")
        await expectFailure(.imagePull, "text/html") { () async throws(Failure) in
            try await client.manifest(of: image)
        }
        await expectFailure(.imagePull, "did not answer as an OCI registry") { () async throws(Failure) in
            try await client.contains(image)
        }
    }

    @Test("An altered config is refused")
    func alteredConfig() async throws {
        registry.addImage("amd64", tags: ["1"])
        registry.override { $0.path.contains("/blobs/") ? Reply(#"{"architecture":"arm64","os":"linux"}"#) : nil }
        let image = try registry.image("a/b:1")
        await expectFailure(.imagePull, "something else") { () async throws(Failure) in
            try await client.platform(of: image)
        }
    }

    @Test("A manifest larger than 4 MiB is not taken")
    func tooLarge() async throws {
        registry.override { _ in
            Reply(headers: [("Content-Type", MediaType.manifest.rawValue)], body: .init(repeating: 32, count: 5 << 20))
        }
        let image = try registry.image("a/b:1")
        await expectFailure(.imagePull, "larger than") { () async throws(Failure) in
            try await client.manifest(of: image)
        }
    }

    @Test("Who a registry redirects to can't ask for the log-in")
    func foreignChallenge() async throws {
        let stranger = try LoopbackServer.answering { _ in
            Reply(401, headers: [("WWW-Authenticate", "Basic realm=x")], "")
        }
        registry.override { [url = stranger.url] _ in Reply(307, headers: [("Location", url + "/x")], "") }
        let client = OCIRegistryClient.impatient(
            credentials: FixedCredentials(value: .password(user: "u", password: "p")))
        let image = try registry.image("a/b:1")
        await expectFailure(.imagePull, "does not let this user") { () async throws(Failure) in
            try await client.manifest(of: image)
        }
        #expect(registry.server.requests.count == 1)
        #expect((registry.server.requests + stranger.requests).allSatisfy { $0.header("authorization") == nil })
    }

    // MARK: Presence and tags

    @Test("What is there is there, what is not is not")
    func contains() async throws {
        let digest = registry.addImage("amd64", tags: ["1"])
        let image = try registry.image("a/b")
        #expect(try await client.contains(image.pinned(to: digest)))
        #expect(try await client.contains(image.tagged("1")))
        #expect(try await !client.contains(image.tagged("2")))
        #expect(registry.server.requests.allSatisfy { $0.method == "HEAD" })
    }

    @Test("A missing image is a failure that names it and gives the registry's words")
    func missing() async throws {
        let image = try registry.image("a/b:1")
        do throws(Failure) {
            _ = try await client.manifest(of: image)
            Issue.record("no failure")
        } catch {
            #expect(error.code == .imagePull)
            #expect(error.message.contains("has no \(image)"))
            #expect(error.detail == "MANIFEST_UNKNOWN: manifest unknown")
        }
    }

    @Test("A tag is put as the same bytes with the same type")
    func tag() async throws {
        let digest = registry.addImage("amd64")
        let image = try registry.image("a/b")
        try await client.tag(image.pinned(to: digest), as: "src-1")
        let put = try #require(registry.server.requests.last)
        #expect(put.method == "PUT" && put.target == "/v2/a/b/manifests/src-1")
        #expect(put.header("content-type") == MediaType.manifest.rawValue)
        #expect(ContentHash.digest(of: put.body) == digest)
        #expect(try await client.manifest(of: image.tagged("src-1")).digest == digest)
    }

    @Test("All pages of tags are read")
    func tags() async throws {
        registry.override { request in
            switch request.target {
            case "/v2/a/b/tags/list?n=1000":
                Reply(headers: [("Link", #"</v2/a/b/tags/list?n=1000&last=b>; rel="next""#)], #"{"tags":["a","b"]}"#)
            case "/v2/a/b/tags/list?n=1000&last=b": Reply(#"{"tags":["c"]}"#)
            case "/v2/a/empty/tags/list?n=1000": Reply(#"{"name":"a/empty","tags":null}"#)
            default: nil
            }
        }
        #expect(try await client.tags(of: registry.image("a/b")) == ["a", "b", "c"])
        #expect(try await client.tags(of: registry.image("a/empty")) == [])
        #expect(try await client.tags(of: registry.image("a/none")) == [])
    }

    @Test("Pages of tags lead to no other server")
    func tagsElsewhere() async throws {
        registry.override { _ in Reply(headers: [("Link", #"<http://other.example/x>; rel="next""#)], #"{"tags":[]}"#) }
        let image = try registry.image("a/b")
        await expectFailure(.imagePull, "another server") { () async throws(Failure) in try await client.tags(of: image)
        }
    }

    // MARK: Blobs

    @Test("A blob streams, and its end vouches for its digest")
    func blob() async throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let digest = registry.addBlob(bytes)
        let image = try registry.image("a/b")
        #expect(try await client.containsBlob(digest, of: image))
        var read: [UInt8] = []
        for try await chunk in try await client.blob(digest, size: 300_000, of: image) { read += chunk }
        #expect(read == bytes)
        registry.override { _ in Reply(body: bytes.reversed()) }
        await expectFailure(.imagePull, "something else") { () async throws(Failure) in
            for try await _ in try await client.blob(digest, of: image) {}
        }
        await expectFailure(.imagePull, "larger than") { () async throws(Failure) in
            for try await _ in try await client.blob(digest, size: 100, of: image) {}
        }
    }

    @Test(
        "A blob that breaks off goes on from there, whether the server knows ranges or not", arguments: [true, false])
    func resumed(knowsRanges: Bool) async throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 / 3) }
        let asked = Mutex<[String?]>([])
        let taken = Mutex(0)
        let server = try LoopbackServer { connection in
            guard let request = connection.readRequest() else { return }
            let range = request.header("range")
            let number = asked.withLock { asked in
                asked.append(range)
                return asked.count
            }
            let start = knowsRanges ? range.flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0 : 0
            let rest = bytes[start...]
            connection.write(
                start > 0
                    ? "HTTP/1.1 206 P\r\nContent-Range: bytes \(start)-299999/300000\r\n" : "HTTP/1.1 200 OK\r\n")
            connection.write("Content-Length: \(rest.count)\r\nConnection: close\r\n\r\n")
            connection.write(Array(number < 3 ? rest.prefix(100_000) : rest))
            guard number < 3 else { return }
            // What nobody has taken when a connection breaks is lost, and asked for again.
            for _ in 0..<10_000 where taken.withLock({ $0 }) < start + 100_000 { Connection.pause(milliseconds: 1) }
        }
        let image = try ImageReference("127.0.0.1:\(server.port)/a/b")
        var read: [UInt8] = []
        for try await chunk in try await client.blob(ContentHash.digest(of: bytes), size: 300_000, of: image) {
            read += chunk
            taken.withLock { $0 += chunk.count }
        }
        #expect(read == bytes)
        let last = knowsRanges ? "bytes=200000-" : "bytes=100000-"
        #expect(asked.withLock { $0 } == [nil, "bytes=100000-", last])
    }

    @Test("A blob that never gets whole is an error of the network, not another blob")
    func neverWhole() async throws {
        let bytes = [UInt8](repeating: 7, count: 1000)
        let digest = registry.addBlob(bytes)
        registry.override { $0.path.contains("/blobs/") ? Reply(body: Array(bytes.prefix(10))) : nil }
        let image = try registry.image("a/b")
        await expectFailure(.network, "ended after") { () async throws(Failure) in
            for try await _ in try await client.blob(digest, size: 1000, of: image) {}
        }
        #expect(registry.server.requests.count == 3)
    }

    @Test("What an image lacks is found with one question for each manifest and each layer")
    func missingParts() async throws {
        let digest = registry.addImage("amd64")
        let image = try registry.image("a/b").pinned(to: digest)
        let index = try registry.image("a/b").pinned(to: registry.addIndex([FakeRegistry.entry(digest, "amd64")]))
        let results = await client.missing(of: [image, index], atOnce: 2)
        #expect(try results.mapValues { try $0.get() } == [image: [], index: []])
        #expect(registry.server.requests.map(\.method).sorted() == ["GET", "GET", "HEAD"])
        registry.override { $0.method == "HEAD" ? Reply(404, "") : nil }
        #expect(try await client.missing(of: image).count == 1)
        let gone = try registry.image("a/b").pinned(to: ContentHash.digest(of: [1]))
        #expect(try await client.missing(of: gone) == [gone.digest])
    }

    @Test("A blob may live elsewhere; credentials don't go there")
    func blobElsewhere() async throws {
        let storage = try LoopbackServer.answering { _ in Reply("hello") }
        registry.override { [url = storage.url] request in
            guard request.header("authorization") != nil else {
                return Reply(401, headers: [("WWW-Authenticate", "Basic realm=x")], "")
            }
            return Reply(307, headers: [("Location", url + "/blob?signature=s")], "")
        }
        let client = OCIRegistryClient.impatient(
            credentials: FixedCredentials(value: .password(user: "u", password: "p")))
        let digest = ContentHash.digest(of: Array("hello".utf8))
        for try await _ in try await client.blob(digest, of: registry.image("a/b")) {}
        #expect(storage.requests.map { $0.header("authorization") } == [nil])
    }
}

import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import LoopbackServer
import Testing

@testable import OCI

/// What goes wrong between here and a real OCI registry, made to go wrong.
@Suite(
    "A real OCI registry in bad weather", .tags(.large), .timeLimit(.minutes(2)),
    .enabled(if: wantsRealServices, "set PINION_REAL=1 to run against the services of .ci/services"))
struct BadWeatherTests {
    let weather: BadWeather
    /// Straight to the registry.
    let direct = OCIRegistryClient()
    let registry: String
    /// A repository that no other test has.
    let path = "pinion-test/weather-\(UUID().uuidString.lowercased())"
    let pauses = Pauses()

    init() throws {
        registry = ProcessInfo.processInfo.environment["PINION_OCI_REGISTRY"] ?? "127.0.0.1:5075"
        let port = registry.split(separator: ":").last.flatMap { Int($0) }
        weather = try BadWeather(upstream: try #require(port))
    }

    /// Through the weather, three attempts, without waiting between them.
    var client: OCIRegistryClient {
        var deadlines = HTTPDeadlines.registry
        deadlines.whole = .seconds(2)
        return .impatient(deadlines: deadlines, pauses: pauses)
    }

    var image: ImageReference { ImageReference(registry: weather.name, path: path) }
    var truth: ImageReference { ImageReference(registry: registry, path: path) }

    /// Runs a test on an image that the registry has under the tag 1, and removes it.
    func withImage(_ body: (PushTests.Layout) async throws -> Void) async throws {
        // No two tests have one layer: what a registry has somewhere it need not be sent.
        let layout = try PushTests.Layout(layer: path + String(repeating: "layer", count: 40_000))
        _ = try await direct.push(layout: layout.folder, to: truth)
        try await direct.tag(truth.pinned(to: layout.manifest), as: "1")
        let result: Result<Void, any Error>
        do { result = .success(try await body(layout)) } catch { result = .failure(error) }
        try await remove(layout.manifest)
        try result.get()
    }

    func remove(_ digest: Digest) async throws {
        _ = try await HTTPClient.shared.send(
            HTTPRequest(.delete, "http://\(registry)/v2/\(path)/manifests/\(digest)"))
    }

    /// Claims that work fails with this code, or that it does not fail.
    func expect(
        _ code: ErrorCode?, sourceLocation: SourceLocation = #_sourceLocation,
        _ work: () async throws(Failure) -> Void
    ) async {
        do throws(Failure) {
            try await work()
            #expect(code == nil, "it did not fail", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
            #expect(!error.message.isEmpty)
        }
    }

    // MARK: Reading

    /// A fault that comes for the first few requests of a kind, and what then becomes of the whole.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let fault: BadWeather.Fault
        var times = Int.max
        /// `nil`: it works out.
        let code: ErrorCode?

        var testDescription: String { times == .max ? name : "\(name), \(times) times" }
    }

    static let reading = [
        Case(name: "401", fault: .status(401), code: .imagePull),
        Case(name: "403", fault: .status(403), code: .imagePull),
        Case(name: "404", fault: .status(404), code: .imagePull),
        Case(name: "429", fault: .status(429, headers: [("Retry-After", "3")]), times: 2, code: nil),
        Case(name: "429", fault: .status(429), code: .network),
        Case(
            name: "429 for an hour", fault: .status(429, headers: [("Retry-After", "3600")]), times: 1, code: .network),
        Case(name: "500", fault: .status(500), times: 2, code: nil),
        Case(name: "500", fault: .status(500), code: .network),
        Case(name: "reset", fault: .reset, times: 2, code: nil),
        Case(name: "reset", fault: .reset, code: .network),
        Case(name: "truncated", fault: .truncated, times: 2, code: nil),
        Case(name: "truncated", fault: .truncated, code: .network),
        Case(name: "drips", fault: .drips, times: 1, code: nil),
        Case(name: "drips", fault: .drips, code: .network),
        Case(name: "altered", fault: .altered, code: .imagePull),
    ]

    @Test("A manifest comes whole or not at all", arguments: reading, ["1", "digest"])
    func manifest(weather expected: Case, name: String) async throws {
        try await withImage { layout in
            weather.turns { request, number in
                request.path.contains("/manifests/") && number <= expected.times ? expected.fault : nil
            }
            let asked = name == "1" ? image.tagged("1") : image.pinned(to: layout.manifest)
            await expect(expected.code) { () async throws(Failure) in
                #expect(try await client.manifest(of: asked).digest == layout.manifest)
            }
        }
    }

    @Test("A layer comes whole or not at all", arguments: reading)
    func layer(weather expected: Case) async throws {
        try await withImage { layout in
            weather.turns { request, number in
                request.path.contains("/blobs/") && number <= expected.times ? expected.fault : nil
            }
            let size = Int64(path.utf8.count + 200_000)
            await expect(expected.code) { () async throws(Failure) in
                var count: Int64 = 0
                let blob = try await client.blob(layout.layer, size: size, of: image)
                for try await chunk in blob { count += Int64(chunk.count) }
                #expect(count == size)
            }
        }
    }

    @Test("A registry that asks for patience gets it")
    func patience() async throws {
        try await withImage { layout in
            weather.turns { request, number in
                request.path.contains("/manifests/") && number == 1
                    ? .status(503, headers: [("Retry-After", "11")]) : nil
            }
            _ = try await client.manifest(of: image.tagged("1"))
            #expect(pauses.all == [.seconds(11)])
        }
    }

    @Test("What is not whole is not said to be gone", arguments: [500, 429, 403])
    func presence(status: Int) async throws {
        try await withImage { layout in
            weather.turns { _, _ in .status(status) }
            await expect(status == 403 ? .imagePull : .network) { () async throws(Failure) in
                _ = try await client.contains(image.pinned(to: layout.manifest))
            }
            await expect(status == 403 ? .imagePull : .network) { () async throws(Failure) in
                _ = try await client.missing(of: image.pinned(to: layout.manifest))
            }
            await expect(status == 403 ? .imagePull : .network) { () async throws(Failure) in
                _ = try await client.tags(of: image)
            }
        }
    }

    @Test("A tag that moves while it is resolved gives the platforms of one image, not of two")
    func movingTag() async throws {
        try await withImage { layout in
            let original = try await direct.manifest(of: truth.tagged("1"))
            guard case .object(var json) = try JSONValue(parsing: original.bytes) else { return }
            var children: [Digest] = []
            for number in 0..<4 {
                json["annotations"] = ["dev.pinion.test": .string("\(path) \(number)")]
                let child = try Manifest(
                    Array(JSONValue.object(json).compact.utf8), contentType: original.mediaType.rawValue)
                try await direct.put(child, as: truth.pinned(to: child.digest))
                children.append(child.digest)
            }
            var indexes: [Manifest] = []
            for first in [0, 2] {
                let list: [JSONValue] = [("amd64", first), ("arm64", first + 1)].map {
                    FakeRegistry.entry(children[$0.1], $0.0)
                }
                let text: JSONValue = [
                    "schemaVersion": 2, "mediaType": .string(MediaType.index.rawValue), "manifests": .array(list),
                ]
                indexes.append(
                    try Manifest(Array(text.compact.utf8), contentType: MediaType.index.rawValue))
            }
            try await direct.put(indexes[0], as: truth.tagged("moving"))
            let port = try #require(registry.split(separator: ":").last.flatMap { Int($0) })
            let (path, contents) = (path, indexes.map(\.bytes))
            weather.turns { request, number in
                guard request.path.hasSuffix("/manifests/moving") else { return nil }
                return .meanwhile {
                    let body = contents[number % 2]
                    let head = """
                        PUT /v2/\(path)/manifests/moving HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                        Content-Type: \(MediaType.index.rawValue)\r\nContent-Length: \(body.count)\r\n\r\n
                        """
                    _ = try? Connection.with(port: port) { registry in
                        registry.write(Array(head.utf8) + body)
                        return registry.readToEnd()
                    }
                }
            }
            let pairs = [[children[0], children[1]], [children[2], children[3]]]
            for turn in 0..<4 {
                let found = try await client.platforms(of: image.tagged("moving"))
                #expect([found[.amd64]?.digest, found[.arm64]?.digest] == pairs[turn % 2])
            }
            #expect(try await direct.manifest(of: truth.tagged("moving")).digest == indexes[0].digest)
            for digest in indexes.map(\.digest) + children { try await remove(digest) }
        }
    }

    // MARK: Logging in

    @Test(
        "A credentials helper that fails is a missing secret, and nobody is asked without it",
        arguments: ["echo secret; exit 1", "echo secret", "kill -9 $$"])
    func helper(script: String) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-weather-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = folder + "/docker-credential-weather"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let credentials = DockerCredentials(files: [["credsStore": "weather"]]) { name, server throws(Failure) in
            try await CredentialHelper.run(name: name, server: server, searchPath: folder + ":/usr/bin:/bin")
        }
        weather.turns { _, _ in .status(401, headers: [("WWW-Authenticate", "Basic realm=x")]) }
        let client = OCIRegistryClient.impatient(credentials: credentials)
        await expect(.missingSecret) { () async throws(Failure) in _ = try await client.manifest(of: image.tagged("1"))
        }
        #expect(weather.count("GET", "/manifests/") == 1)
    }

    // MARK: Writing

    static let uploading = [
        Case(name: "401", fault: .status(401), code: .imagePush),
        Case(name: "403", fault: .status(403), code: .imagePush),
        Case(name: "404", fault: .status(404), times: 2, code: nil),
        Case(name: "429", fault: .status(429, headers: [("Retry-After", "3")]), times: 2, code: nil),
        Case(name: "429", fault: .status(429), code: .network),
        Case(name: "500", fault: .status(500), times: 2, code: nil),
        Case(name: "500", fault: .status(500), code: .network),
        Case(name: "reset", fault: .reset, times: 2, code: nil),
        Case(name: "reset", fault: .reset, code: .network),
        Case(name: "dies in the middle", fault: .diesMidUpload, times: 2, code: nil),
        Case(name: "dies in the middle", fault: .diesMidUpload, code: .network),
        Case(name: "answer lost", fault: .answerLost, times: 2, code: nil),
        Case(name: "altered on the way", fault: .alteredUpload, code: .imagePush),
    ]

    @Test("A blob that can't be sent leaves no manifest behind", arguments: uploading)
    func upload(weather expected: Case) async throws {
        let layout = try PushTests.Layout(layer: path + String(repeating: "layer", count: 40_000))
        let isUpload: @Sendable (ReceivedRequest) -> Bool = { $0.method == "PUT" && $0.body.count >= 1000 }
        // Sessions have addresses of their own, so that the requests are counted here.
        let counter = Counter()
        weather.turns { request, _ in
            isUpload(request) && counter.next() <= expected.times ? expected.fault : nil
        }
        await expect(expected.code) { () async throws(Failure) in
            #expect(try await client.push(layout: layout.folder, to: image) == layout.manifest)
        }
        let isThere = try await direct.contains(truth.pinned(to: layout.manifest))
        #expect(isThere == (expected.code == nil))
        if isThere {
            #expect(try await direct.missing(of: truth.pinned(to: layout.manifest)) == [])
            try await remove(layout.manifest)
        }
    }

    static let storing = [
        Case(name: "403", fault: .status(403), code: .imagePush),
        Case(name: "429", fault: .status(429), code: .network),
        Case(name: "500", fault: .status(500), times: 2, code: nil),
        Case(name: "500", fault: .status(500), code: .network),
        Case(name: "reset", fault: .reset, times: 2, code: nil),
        Case(name: "reset", fault: .reset, code: .network),
        Case(name: "answer lost", fault: .answerLost, times: 2, code: nil),
        Case(name: "altered on the way", fault: .alteredUpload, code: .imagePush),
    ]

    @Test("A manifest is stored as it is or not at all, and a tag is not moved by what failed", arguments: storing)
    func store(weather expected: Case) async throws {
        try await withImage { layout in
            let other = try PushTests.Layout(layer: path + "other")
            _ = try await direct.push(layout: other.folder, to: truth)
            weather.turns { request, number in
                request.method == "PUT" && request.path.contains("/manifests/") && number <= expected.times
                    ? expected.fault : nil
            }
            await expect(expected.code) { () async throws(Failure) in
                try await client.tag(image.pinned(to: other.manifest), as: "1")
            }
            let now = try await direct.manifest(of: truth.tagged("1")).digest
            #expect(now == (expected.code == nil ? other.manifest : layout.manifest))
            try await remove(other.manifest)
        }
    }
}

import DeploymentModel
import HTTP
import JSON
import LoopbackServer
import Synchronization
import Testing

@testable import OCI

@Suite("Copying an image to another repository", .tags(.medium), .timeLimit(.minutes(1)))
struct CopyTests {
    private let source: FakeRegistry
    private let target: FakeRegistry
    private let uploads = PushTests.Uploads()
    private let layers: [Digest]
    private let image: Digest
    private let client = OCIRegistryClient.impatient()

    init() throws {
        source = try FakeRegistry()
        target = try FakeRegistry()
        layers = ["one", "two", "three"].map { [source] in source.addBlob(Array($0.utf8)) }
        image = Self.addImage(layers, to: source)
        target.override { [uploads] in uploads.reply($0) }
    }

    private static func addImage(_ layers: [Digest], to registry: FakeRegistry) -> Digest {
        func descriptor(_ digest: Digest, _ size: Int) -> JSONValue {
            [
                "mediaType": "application/octet-stream", "digest": .string(digest.description),
                "size": .integer(Int64(size)),
            ]
        }
        let config = registry.addBlob(Array(#"{"architecture":"amd64","os":"linux"}"#.utf8))
        return registry.add([
            "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue), "config": descriptor(config, 37),
            "layers": .array(zip(layers, [3, 3, 5]).map { descriptor($0, $1) }),
        ])
    }

    private func from() throws -> ImageReference { try source.image("dev/x").pinned(to: image) }

    private func puts(_ registry: FakeRegistry) -> [String] {
        registry.server.requests.filter { $0.method == "PUT" && $0.path.contains("/manifests/") }.map(\.path)
    }

    @Test func `blobs first, then the manifest with the same digest, then the tag, which is written once`() async throws
    {
        for _ in 0..<2 { try await client.copy(from(), to: target.image("a/b"), tag: "src-1") }
        #expect(
            puts(target) == ["/v2/a/b/manifests/\(image)", "/v2/a/b/manifests/src-1", "/v2/a/b/manifests/\(image)"])
        #expect(uploads.blobs.withLock { $0.count } == 4)
        #expect(try await client.manifest(of: target.image("a/b:src-1")).digest == image)
        #expect(
            source.server.requests.filter { $0.path.contains("/blobs/") }.count == 4, "what is there is not read again")
        #expect(try await client.missing(of: target.image("a/b").pinned(to: image)).isEmpty == true)
    }

    @Test func `a layer that is not what its digest says goes no further`() async throws {
        let bad = "/blobs/\(layers[1])"
        source.override { $0.path.hasSuffix(bad) ? Reply(body: Array("TWO".utf8)) : nil }
        await #expect {
            try await client.copy(from(), to: target.image("a/b"), tag: "src-1")
        } throws: { ($0 as? Failure)?.code == .imagePull }
        #expect(puts(target).isEmpty)
        #expect(uploads.blobs.withLock { $0[layers[1].description] } == nil)
    }

    @Test func `a copy that breaks off leaves no image, and the next one sends what is missing`() async throws {
        let refused = layers[2].description.replacing(":", with: "%3A")
        target.override { [uploads] request in
            request.method == "PUT" && request.target.contains(refused) ? Reply(500, "") : uploads.reply(request)
        }
        await #expect {
            try await client.copy(from(), to: target.image("a/b"), tag: "src-1")
        } throws: { ($0 as? Failure)?.code == .network }
        #expect(puts(target).isEmpty)
        let kept = Set(uploads.blobs.withLock { Array($0.keys) })
        #expect(!kept.contains(layers[2].description))

        target.override { [uploads] in uploads.reply($0) }
        let lines = Mutex<[String]>([])
        try await client.copy(from(), to: target.image("a/b"), tag: "src-1") { line in
            lines.withLock { $0.append(line) }
        }
        #expect(lines.withLock { $0.count { $0.hasSuffix("is there already") } } == kept.count)
        #expect(try await client.manifest(of: target.image("a/b:src-1")).digest == image)
    }

    @Test func `a layer that is sent again is read once`() async throws {
        let refusals = Mutex(2)
        target.override { [uploads] request in
            guard request.path.hasSuffix("/session"),
                refusals.withLock({ left in
                    left -= 1
                    return left >= 0
                })
            else { return uploads.reply(request) }
            return Reply(503, "")
        }
        try await client.copy(from(), to: target.image("a/b"), tag: nil)
        #expect(puts(target) == ["/v2/a/b/manifests/\(image)"])
        #expect(source.server.requests.filter { $0.path.contains("/blobs/") }.count == 4)
    }

    @Test func `an index with attestations comes along, and the tag names it`() async throws {
        let statement = source.addBlob(Array("sig".utf8))
        let attestation = Self.addImage([statement], to: source)
        var entry = FakeRegistry.attestation(of: image).objectValue ?? [:]
        entry["digest"] = .string(attestation.description)
        let index = source.addIndex([FakeRegistry.entry(image, "amd64"), .object(entry)], tags: ["src-1"])
        try await client.copy(from(), to: target.image("a/b"), tag: "src-1")
        #expect(try await client.manifest(of: target.image("a/b:src-1")).digest == index)
        #expect(
            puts(target) == [image, attestation, index].map { "/v2/a/b/manifests/\($0)" } + ["/v2/a/b/manifests/src-1"])
    }

    @Test(arguments: [true, false])
    func `an index that is not about the image alone is left where it is`(hasImage: Bool) async throws {
        let other = source.addImage("arm64")
        source.addIndex(
            [FakeRegistry.entry(other, "arm64")] + (hasImage ? [FakeRegistry.entry(image, "amd64")] : []),
            tags: ["src-1"])
        try await client.copy(from(), to: target.image("a/b"), tag: "src-1")
        #expect(try await client.manifest(of: target.image("a/b:src-1")).digest == image)
        #expect(puts(target).count == 2)
    }

    @Test func `within one registry layers are taken over, and nothing is read`() async throws {
        let uploads = PushTests.Uploads(mountable: Set(layers.map(\.description)))
        source.override { request in
            request.method == "GET"
                ? nil : request.path.contains("/a/b/blobs/") ? uploads.reply(request) ?? Reply(404, "") : nil
        }
        let lines = Mutex<[String]>([])
        try await client.copy(from(), to: source.image("a/b"), tag: nil) { line in lines.withLock { $0.append(line) } }
        #expect(lines.withLock { $0.count { $0.hasSuffix("taken over from dev/x") } } == 3)
        let read = source.server.requests.filter { $0.method == "GET" && $0.path.contains("/blobs/") }
        #expect(read.count == 1, "the config alone, which can't be had otherwise")
    }

    @Test func `a tag is not copied`() async throws {
        await #expect {
            try await client.copy(source.image("dev/x:1"), to: target.image("a/b"), tag: nil)
        } throws: { ($0 as? Failure)?.code == .imageUnpinned }
    }
}

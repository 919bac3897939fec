import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import Testing

@testable import OCI

/// Asked for with `PINION_REAL=1`: then a registry that is not there fails the tests, it does not skip them.
let wantsRealServices = ProcessInfo.processInfo.environment["PINION_REAL"] == "1"

@Suite(
    "A real OCI registry", .tags(.large), .timeLimit(.minutes(2)),
    .enabled(if: wantsRealServices, "set PINION_REAL=1 to run against the services of .ci/services"))
struct RealRegistryTests {
    let client = OCIRegistryClient()
    let base: ImageReference

    init() throws {
        let registry = ProcessInfo.processInfo.environment["PINION_OCI_REGISTRY"] ?? "127.0.0.1:5075"
        base = try ImageReference("\(registry)/pinion/python:3")
    }

    @Test("A base image has both platforms, and its children really are what the index says")
    func platforms() async throws {
        let found = try await client.platforms(of: base)
        #expect(Set(found.keys) == [.amd64, .arm64])
        for (platform, image) in found {
            #expect(try await client.platform(of: image) == platform)
            #expect(try await client.contains(image))
        }
    }

    @Test("A layer streams and hashes to its digest")
    func layer() async throws {
        let image = try #require(try await client.platforms(of: base)[.amd64])
        guard case .image(_, let layers) = try await client.manifest(of: image).content else {
            Issue.record("no image")
            return
        }
        let layer = try #require(layers.first)
        #expect(try await client.containsBlob(layer.digest, of: image))
        var count: Int64 = 0
        for try await chunk in try await client.blob(layer.digest, size: layer.size, of: image) {
            count += Int64(chunk.count)
        }
        #expect(count == layer.size)
    }

    @Test("A tag can be written and is listed")
    func tag() async throws {
        let image = try #require(try await client.platforms(of: base)[.arm64])
        // A manifest of its own, so that removing it by digest removes the tag and nothing else.
        let own = UUID().uuidString.lowercased()
        guard case .object(var json) = try JSONValue(parsing: try await client.manifest(of: image).bytes) else {
            return
        }
        json["annotations"] = ["dev.pinion.test": .string(own)]
        let manifest = try Manifest(
            Array(JSONValue.object(json).compact.utf8), contentType: MediaType.manifest.rawValue)
        try await client.put(manifest, as: base.tagged("test-" + own))
        try await client.tag(base.pinned(to: manifest.digest), as: "test2-" + own)
        let tags = try await client.tags(of: base)
        #expect(tags.contains("test-" + own) && tags.contains("test2-" + own))
        #expect(try await client.manifest(of: base.tagged("test2-" + own)).digest == manifest.digest)

        let url = "http://\(base.registry)/v2/\(base.path)/manifests/\(manifest.digest)"
        #expect(try await HTTPClient.shared.send(HTTPRequest(.delete, url)).status == 202)
        #expect(try await !client.contains(base.tagged("test-" + own)))
    }

    @Test("What is not there is not there")
    func missing() async throws {
        #expect(try await !client.contains(base.tagged("none-such")))
        #expect(try await client.tags(of: ImageReference("\(base.registry)/none/such")) == [])
    }
}

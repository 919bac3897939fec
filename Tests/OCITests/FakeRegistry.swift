import DeploymentModel
import HTTP
import JSON
import LoopbackServer
import Synchronization

@testable import OCI

/// An OCI registry of a few manifests and blobs on loopback, that can be told to misbehave.
final class FakeRegistry: Sendable {
    private struct Content {
        var manifests: [String: (bytes: [UInt8], type: String)] = [:]
        var blobs: [String: [UInt8]] = [:]
        var override: (@Sendable (ReceivedRequest) -> Reply?)?
    }

    private final class Store: Sendable {
        let content = Mutex(Content())

        func reply(_ request: ReceivedRequest) -> Reply {
            if let reply = content.withLock({ $0.override })?(request) { return reply }
            let parts = request.path.split(separator: "/")
            guard parts.count > 3, parts[0] == "v2" else { return Reply(404, "") }
            let key = String(parts[parts.count - 1])
            switch (parts[parts.count - 2], request.method) {
            case ("manifests", "PUT"):
                content.withLock {
                    $0.manifests[key] = (request.body, request.header("content-type") ?? "")
                }
                return Reply(201, headers: [("Docker-Content-Digest", "\(ContentHash.digest(of: request.body))")], "")
            case ("manifests", _):
                guard let found = content.withLock({ $0.manifests[key] }) else {
                    return Reply(404, #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#)
                }
                let digest = "\(ContentHash.digest(of: found.bytes))"
                return Reply(
                    headers: [("Content-Type", found.type), ("Docker-Content-Digest", digest)], body: found.bytes)
            case ("blobs", _):
                guard let bytes = content.withLock({ $0.blobs[key] }) else { return Reply(404, "") }
                return Reply(body: bytes)
            default: return Reply(404, "")
            }
        }
    }

    private let store = Store()
    let server: LoopbackServer

    init() throws {
        server = try LoopbackServer.answering { [store] in store.reply($0) }
    }

    var name: String { "127.0.0.1:\(server.port)" }

    /// A reference in this registry.
    func image(_ rest: String) throws -> ImageReference { try ImageReference("\(name)/\(rest)") }

    /// Answers what the closure gives in place of the content, where it gives something.
    func override(_ reply: @escaping @Sendable (ReceivedRequest) -> Reply?) {
        store.content.withLock { $0.override = reply }
    }

    /// Stores a manifest under its digest and these tags.
    @discardableResult
    func add(_ json: JSONValue, type: MediaType = .manifest, tags: [String] = []) -> Digest {
        let bytes = Array(json.compact.utf8)
        let digest = ContentHash.digest(of: bytes)
        store.content.withLock { content in
            for key in tags + [digest.description] { content.manifests[key] = (bytes, type.rawValue) }
        }
        return digest
    }

    func addBlob(_ bytes: [UInt8]) -> Digest {
        let digest = ContentHash.digest(of: bytes)
        store.content.withLock { $0.blobs[digest.description] = bytes }
        return digest
    }

    /// Stores an image for a platform: config and manifest.
    @discardableResult
    func addImage(_ architecture: String, os: String = "linux", tags: [String] = []) -> Digest {
        let config: JSONValue = ["architecture": .string(architecture), "os": .string(os)]
        let bytes = Array(config.compact.utf8)
        let blob = addBlob(bytes)
        return add(
            [
                "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue), "layers": [],
                "config": [
                    "mediaType": "application/vnd.oci.image.config.v1+json", "digest": .string(blob.description),
                    "size": .integer(Int64(bytes.count)),
                ],
            ], tags: tags)
    }

    /// An entry of an index.
    static func entry(
        _ digest: Digest, _ architecture: String?, os: String = "linux", variant: String? = nil,
        type: MediaType = .manifest
    ) -> JSONValue {
        var entry: [String: JSONValue] = [
            "mediaType": .string(type.rawValue), "digest": .string(digest.description), "size": 100,
        ]
        if let architecture {
            var platform: [String: JSONValue] = ["architecture": .string(architecture), "os": .string(os)]
            platform["variant"] = variant.map { .string($0) }
            entry["platform"] = .object(platform)
        }
        return .object(entry)
    }

    /// A statement about an image, as BuildKit adds it to an index; its manifest is not even there.
    static func attestation(of digest: Digest) -> JSONValue {
        [
            "mediaType": .string(MediaType.manifest.rawValue), "digest": "sha256:\(String(repeating: "f", count: 64))",
            "size": 100,
            "annotations": [
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": .string(digest.description),
            ],
        ]
    }

    @discardableResult
    func addIndex(_ entries: [JSONValue], tags: [String] = []) -> Digest {
        add(
            ["schemaVersion": 2, "mediaType": .string(MediaType.index.rawValue), "manifests": .array(entries)],
            type: .index, tags: tags)
    }
}

extension OCIRegistryClient {
    /// A client that does not wait between attempts.
    static func impatient(
        attempts: Int = 3, credentials: any CredentialSource = NoCredentials(), insecure: Set<RegistryHost> = [],
        deadlines: HTTPDeadlines = .registry, pauses: Pauses = Pauses()
    ) -> OCIRegistryClient {
        OCIRegistryClient(
            http: HTTPClient(), retrying: Retrying(RetryPolicy(attempts: attempts), wait: pauses.add),
            credentials: credentials, insecure: insecure, deadlines: deadlines)
    }
}

/// What would have been waited for.
final class Pauses: Sendable {
    private let durations = Mutex<[Duration]>([])

    var all: [Duration] { durations.withLock { $0 } }

    @Sendable func add(_ duration: Duration) { durations.withLock { $0.append(duration) } }
}

/// The same credentials for every registry.
struct FixedCredentials: CredentialSource {
    let value: RegistryCredentials

    func credentials(for registry: String) async throws(Failure) -> RegistryCredentials { value }
}

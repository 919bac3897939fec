import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import LoopbackServer
import Synchronization
import Testing

@testable import OCI

@Suite("Pushing an image layout", .tags(.medium), .timeLimit(.minutes(1)))
struct PushTests {
    /// A layout with one image of one layer, in a folder that is gone with its owner.
    final class Layout: Sendable {
        let folder: String
        let layer: Digest
        let config: Digest
        let manifest: Digest

        init(layer text: String = "layer", wrongSize: Bool = false) throws {
            folder = FileManager.default.temporaryDirectory.path + "/pinion-layout-\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: folder + "/blobs/sha256", withIntermediateDirectories: true)
            layer = try Self.write(text, in: folder)
            config = try Self.write(#"{"architecture":"amd64","os":"linux"}"#, in: folder)
            func descriptor(_ digest: Digest, _ size: Int, _ type: String) -> JSONValue {
                ["mediaType": .string(type), "digest": .string(digest.description), "size": .integer(Int64(size))]
            }
            let json: JSONValue = [
                "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue),
                "config": descriptor(config, 37, "application/vnd.oci.image.config.v1+json"),
                "layers": [descriptor(layer, text.utf8.count + (wrongSize ? 1 : 0), "application/octet-stream")],
            ]
            manifest = try Self.write(json.compact, in: folder)
            let index: JSONValue = [
                "schemaVersion": 2,
                "manifests": [descriptor(manifest, json.compact.utf8.count, MediaType.manifest.rawValue)],
            ]
            try Data(index.compact.utf8).write(to: URL(filePath: folder + "/index.json"))
        }

        deinit {
            try? FileManager.default.removeItem(atPath: folder)
        }

        private static func write(_ text: String, in folder: String) throws -> Digest {
            let digest = ContentHash.digest(of: Array(text.utf8))
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/blobs/sha256/\(digest.hex)"))
            return digest
        }
    }

    /// Takes uploads as the distribution specification says.
    final class Uploads: Sendable {
        let blobs = Mutex<[String: [UInt8]]>([:])
        /// Blobs that another repository has.
        let mountable: Set<String>

        init(mountable: Set<String> = []) {
            self.mountable = mountable
        }

        func reply(_ request: ReceivedRequest) -> Reply? {
            let path = request.path
            let query = request.target.dropFirst(path.count + 1).replacing("%3A", with: ":")
            if path.hasSuffix("/blobs/uploads/") {
                if let digest = mountable.first(where: { query.contains("mount=" + $0) }) {
                    blobs.withLock { $0[digest] = [] }
                    return Reply(201, "")
                }
                return Reply(202, headers: [("Location", "/v2/a/b/blobs/uploads/session?_state=x")], "")
            }
            if path.hasSuffix("/session") {
                let digest = String(query.dropFirst("_state=x&digest=".count))
                guard "\(ContentHash.digest(of: request.body))" == digest else { return Reply(400, "") }
                blobs.withLock { $0[digest] = request.body }
                return Reply(201, "")
            }
            if request.method == "HEAD", let digest = path.split(separator: "/").last {
                return blobs.withLock { $0[String(digest)] } == nil ? nil : Reply(200, "")
            }
            return nil
        }
    }

    let registry: FakeRegistry
    let client = OCIRegistryClient.impatient()

    init() throws {
        registry = try FakeRegistry()
    }

    @Test(arguments: [1, 2])
    func `a blob that the registry confirmed and then does not know is no reason to give up`(times: Int) async throws {
        let layout = try Layout()
        let uploads = Uploads()
        let refusals = Mutex(times)
        registry.override { request in
            guard request.method == "PUT", request.path.contains("/manifests/") else { return uploads.reply(request) }
            let isRefused = refusals.withLock { left in
                left -= 1
                return left >= 0
            }
            let errors = #"{"errors":[{"code":"DIGEST_INVALID"},{"code":"MANIFEST_BLOB_UNKNOWN"}]}"#
            return isRefused ? Reply(400, errors) : Reply(201, "")
        }
        let digest = try await client.push(layout: layout.folder, to: registry.image("a/b"))
        #expect(digest == layout.manifest)
    }

    @Test func `a blob that the registry never knows is told in its words`() async throws {
        let layout = try Layout()
        let uploads = Uploads()
        registry.override { request in
            guard request.method == "PUT", request.path.contains("/manifests/") else { return uploads.reply(request) }
            return Reply(400, #"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown"}]}"#)
        }
        await #expect {
            _ = try await client.push(layout: layout.folder, to: registry.image("a/b"))
        } throws: { ($0 as? Failure)?.code == .imagePush }
        #expect(registry.server.requests.filter { $0.method == "PUT" && $0.path.contains("/manifests/") }.count == 3)
    }

    @Test("Blobs first, then the manifest by its digest, and no tag")
    func order() async throws {
        let (layout, uploads) = (try Layout(), Uploads())
        registry.override { uploads.reply($0) }
        let image = try registry.image("a/b")
        #expect(try await client.push(layout: layout.folder, to: image) == layout.manifest)
        #expect(uploads.blobs.withLock { Set($0.keys) } == [layout.layer.description, layout.config.description])
        let last = try #require(registry.server.requests.last)
        #expect(last.method == "PUT" && last.target == "/v2/a/b/manifests/\(layout.manifest)")
    }

    @Test("What is there is not sent again")
    func again() async throws {
        let (layout, uploads) = (try Layout(), Uploads())
        registry.override { uploads.reply($0) }
        let image = try registry.image("a/b")
        for _ in 0..<2 { _ = try await client.push(layout: layout.folder, to: image) }
        #expect(registry.server.requests.filter { $0.method == "POST" }.count == 2)
    }

    @Test("Layers of a base image are taken over within the registry, and sent where that is refused")
    func mount() async throws {
        let layout = try Layout()
        let uploads = Uploads(mountable: [layout.layer.description])
        registry.override { uploads.reply($0) }
        let lines = Mutex<[String]>([])
        _ = try await client.push(
            layout: layout.folder, to: registry.image("a/b"),
            mountingFrom: [registry.image("base/x:1"), ImageReference("ghcr.io/other/y:1")]
        ) { line in lines.withLock { $0.append(line) } }
        #expect(lines.withLock { $0.contains("\(layout.layer.short) taken over from base/x") })
        #expect(lines.withLock { $0.contains { $0.hasPrefix("\(layout.config.short) sent") } })
        #expect(registry.server.requests.allSatisfy { !$0.target.contains("other") })
    }

    @Test("An upload that breaks off is done again in a new session")
    func retry() async throws {
        let (layout, uploads) = (try Layout(), Uploads())
        let failures = Mutex(2)
        @Sendable func mustFail() -> Bool {
            failures.withLock { left in
                left -= 1
                return left >= 0
            }
        }
        registry.override { request in
            request.path.hasSuffix("/session") && mustFail() ? Reply(503, "") : uploads.reply(request)
        }
        #expect(try await client.push(layout: layout.folder, to: registry.image("a/b")) == layout.manifest)
        let posts = registry.server.requests.filter { $0.method == "POST" }.count
        #expect(posts == 4)
    }

    @Test("An upload waits for as long as the registry asks", arguments: [429, 503])
    func retryAfter(status: Int) async throws {
        let (layout, uploads) = (try Layout(), Uploads())
        let refused = Mutex<Set<String>>([])
        registry.override { request in
            let step = request.method + request.path
            guard request.method == "PUT" || request.method == "POST", !step.contains("/manifests/"),
                refused.withLock({ $0.insert(step).inserted })
            else { return uploads.reply(request) }
            let (now, then) = ("Sat, 21 Nov 2026 06:00:00 GMT", "Sat, 21 Nov 2026 06:00:07 GMT")
            return Reply(
                status,
                headers: request.method == "PUT" ? [("Retry-After", "7")] : [("Date", now), ("Retry-After", then)],
                "")
        }
        let pauses = Pauses()
        let client = OCIRegistryClient.impatient(pauses: pauses)
        #expect(try await client.push(layout: layout.folder, to: registry.image("a/b")) == layout.manifest)
        #expect(pauses.all.count >= 2 && pauses.all.allSatisfy { $0 >= .seconds(7) }, "\(pauses.all)")
    }

    @Test("A session that the registry has forgotten is opened anew")
    func forgotten() async throws {
        let (layout, uploads) = (try Layout(), Uploads())
        let isFirst = Mutex(true)
        registry.override { request in
            guard request.path.hasSuffix("/session"),
                isFirst.withLock({ first in
                    defer { first = false }
                    return first
                })
            else { return uploads.reply(request) }
            return Reply(404, #"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#)
        }
        #expect(try await client.push(layout: layout.folder, to: registry.image("a/b")) == layout.manifest)
    }

    @Test("A refusal is a failed push that says how to log in")
    func refused() async throws {
        let layout = try Layout()
        registry.override { $0.method == "POST" ? Reply(403, "") : nil }
        let image = try registry.image("a/b")
        do throws(Failure) {
            _ = try await client.push(layout: layout.folder, to: image)
            Issue.record("no failure")
        } catch {
            #expect(error.code == .imagePush && error.cause == .credentials)
            #expect(error.remedy?.contains("docker login") == true)
        }
    }

    @Test("A layout that is incomplete is refused before anything of it is named")
    func incomplete() async throws {
        let (layout, uploads) = (try Layout(wrongSize: true), Uploads())
        registry.override { uploads.reply($0) }
        let image = try registry.image("a/b")
        for folder in [layout.folder, "/nowhere"] {
            do throws(Failure) {
                _ = try await client.push(layout: folder, to: image)
                Issue.record("no failure")
            } catch {
                #expect(error.code == .imagePush)
            }
        }
        #expect(registry.server.requests.allSatisfy { !$0.path.contains("/manifests/") })
    }
}

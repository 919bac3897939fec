import BLAKE3
import DeploymentModel
import HTTP
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import Adapters

@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ArtifactReceiverTests {
    private let client = HTTPClient()

    private func put(
        _ url: String, _ body: [UInt8], method: HTTPMethod = .put, type: String? = nil
    ) async throws -> Int {
        var headers: HTTPHeaders = [:]
        if let type { headers.add("Content-Type", type) }
        let request = HTTPRequest(method, url, headers: headers, body: .bytes(body))
        return try await client.fetch(request, upTo: 1024, retrying: .never).status
    }

    /// Serves on loopback and hands out receiver and folder.
    private func serving(
        _ declared: [String] = ["a.txt", "text/b.txt"], limits: ArtifactLimits = ArtifactLimits(),
        _ body: @escaping @Sendable (ArtifactReceiver, String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let result = try await ArtifactReceiver.serving(
                at: .host("127.0.0.1"), for: declared, storingIn: folder, limits: limits
            ) { receiver in
                await Result { () async throws in try await body(receiver, folder) }
            }
            try result.get()
        }
    }

    @Test func offersOneURLForTheIndexAndEachDeclaredOutput() async throws {
        try await serving { receiver, _ async throws in
            #expect(Set(receiver.putURLs.keys) == ["outputs.json", "outputs/a.txt", "outputs/text/b.txt"])
            #expect(Set(receiver.putURLs.values).count == 3)
            #expect(receiver.received.isEmpty)
            for url in receiver.putURLs.values { #expect(url.hasPrefix("http://127.0.0.1:")) }
        }
    }

    @Test func storesAndHashesWhatIsUploaded() async throws {
        try await serving { receiver, folder async throws in
            // Larger than any buffer on the way.
            let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            #expect(try await put(receiver.putURLs["outputs/a.txt"] ?? "", large, type: "text/plain") == 201)
            #expect(try await put(receiver.putURLs["outputs/text/b.txt"] ?? "", []) == 201)
            #expect(try await put(receiver.putURLs["outputs.json"] ?? "", Array("{}".utf8)) == 201)
            let received = receiver.received
            #expect(received.index == Array("{}".utf8))
            let artifact = try #require(received.outputs["a.txt"])
            #expect(artifact.contentID == ContentID(of: large))
            #expect(artifact.sizeBytes == 3_000_000)
            #expect(artifact.mime == "text/plain")
            #expect(artifact.file.hasPrefix(folder + "/"))
            #expect(try contents(of: artifact.file) == large)
            #expect(received.outputs["text/b.txt"]?.contentID == ContentID(of: []))
            #expect(try names(in: folder).count == 2)
        }
    }

    @Test func aTokenIsGoodForOneUpload() async throws {
        try await serving { receiver, _ async throws in
            let url = receiver.putURLs["outputs/a.txt"] ?? ""
            #expect(try await put(url, [1]) == 201)
            #expect(try await put(url, [2]) == 410)
            #expect(receiver.received.outputs["a.txt"]?.contentID == ContentID(of: [1]))
        }
    }

    @Test func nothingElseIsServed() async throws {
        try await serving { receiver, folder async throws in
            let url = receiver.putURLs["outputs/a.txt"] ?? ""
            let origin = url.prefix { $0 != "/" } + "//" + (url.split(separator: "/").dropFirst().first ?? "")
            for path in [
                "/", "/outputs.json", "/outputs/a.txt", "/../../etc/passwd", "/" + String(repeating: "0", count: 32),
            ] {
                #expect(try await put(origin + path, [1]) == 404)
            }
            #expect(try await put(url + "/x", [1]) == 404)
            #expect(try await put(url, [1], method: .post) == 405)
            #expect(try await put(url, [], method: .get) == 405)
            #expect(try await put(url, [], method: .delete) == 405)
            #expect(receiver.received.isEmpty)
            #expect(try names(in: folder).isEmpty)
        }
    }

    @Test func anUploadOverTheLimitLeavesNothing() async throws {
        var limits = ArtifactLimits()
        limits.file = 1000
        limits.total = 1500
        limits.index = 10
        try await serving(limits: limits) { receiver, folder async throws in
            let a = receiver.putURLs["outputs/a.txt"] ?? ""
            let b = receiver.putURLs["outputs/text/b.txt"] ?? ""
            #expect(try await put(a, [UInt8](repeating: 0, count: 1001)) == 413)
            #expect(try await put(receiver.putURLs["outputs.json"] ?? "", [UInt8](repeating: 0, count: 11)) == 413)
            #expect(try names(in: folder).isEmpty)
            #expect(try await put(a, [UInt8](repeating: 0, count: 1000)) == 201)
            #expect(try await put(b, [UInt8](repeating: 0, count: 501)) == 413)
            #expect(try await put(b, [UInt8](repeating: 0, count: 500)) == 201)
            #expect(try names(in: folder).count == 2)
        }
    }

    @Test func anUploadThatBreaksOffCanBeRepeated() async throws {
        try await serving { receiver, folder async throws in
            let url = receiver.putURLs["outputs/a.txt"] ?? ""
            let path = "/" + (url.split(separator: "/").last ?? "")
            _ = try await raw(
                url, "PUT \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345", thenClose: true)
            // Until the server has noticed, the slot is taken.
            var status = 409
            while status == 409 { status = try await put(url, [7]) }
            #expect(status == 201)
            #expect(receiver.received.outputs["a.txt"]?.contentID == ContentID(of: [7]))
            #expect(try names(in: folder).count == 1)
        }
    }

    @Test func understandsChunksAndExpectations() async throws {
        try await serving { receiver, _ async throws in
            let url = receiver.putURLs["outputs/a.txt"] ?? ""
            let path = "/" + (url.split(separator: "/").last ?? "")
            let answer = try await raw(
                url,
                "PUT \(path) HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n"
                    + "Connection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n"))
            #expect(answer.contains("HTTP/1.1 201 Created\r\n"))
            #expect(receiver.received.outputs["a.txt"]?.contentID == ContentID(of: Array("abc".utf8)))
        }
    }

    @Test func aChunkedUploadOverTheLimitIsCutOff() async throws {
        var limits = ArtifactLimits()
        limits.file = 3
        try await serving(limits: limits) { receiver, folder async throws in
            let url = receiver.putURLs["outputs/a.txt"] ?? ""
            let path = "/" + (url.split(separator: "/").last ?? "")
            let answer = try await raw(
                url, "PUT \(path) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 413"))
            #expect(receiver.received.isEmpty)
            #expect(try names(in: folder).isEmpty)
        }
    }

    @Test func aRefusedSenderGetsToSeeWhy() async throws {
        try await serving { receiver, _ async throws in
            let body = String(repeating: "x", count: 4_000_000)
            let head = "PUT /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            let answer = try await raw(receiver.putURLs["outputs.json"] ?? "", head + body)
            #expect(answer.hasPrefix("HTTP/1.1 404"))
        }
    }

    @Test func idleConnectionsEndWithTheReceiver() async throws {
        let client = Mutex<(any Channel)?>(nil)
        try await serving { receiver, _ async throws in
            let port = Self.port(of: receiver.putURLs["outputs.json"] ?? "")
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.writeAndFlush(ByteBuffer(string: "PUT"))
            client.withLock { $0 = channel }
        }
        try await client.withLock { $0 }?.closeFuture.get()
    }

    @Test func aConnectionThatIsAcceptedTooLateIsClosed() async throws {
        let clients = Clients()
        let (early, late) = (EmbeddedChannel(), EmbeddedChannel())
        for channel in [early, late] {
            try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        }
        clients.add(early, limit: 8)
        #expect(early.isActive)
        clients.closeAll()
        clients.add(late, limit: 8)
        #expect(!early.isActive && !late.isActive)
    }

    @Test(arguments: ["nonsense\r\n\r\n", "PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n"])
    func isNotImpressedByNonsense(bytes: String) async throws {
        try await serving { receiver, _ async throws in
            let url = receiver.putURLs["outputs/a.txt"] ?? ""
            #expect(try await raw(url, bytes).hasPrefix("HTTP/1.1 400"))
            #expect(try await put(url, [1]) == 201)
        }
    }

    @Test func anAddressThatIsNotOursIsAFailure() async throws {
        await #expect {
            try await ArtifactReceiver.serving(at: .host("192.0.2.1"), for: [], storingIn: "/tmp") { _ in }
        } throws: {
            ($0 as? Failure)?.code == .network
        }
    }

    private static func port(of url: String) -> Int {
        Int(url.split(separator: ":").last?.prefix { $0 != "/" } ?? "") ?? 0
    }

    /// Sends bytes and gives all that comes back until the server closes.
    private func raw(_ url: String, _ bytes: String, thenClose: Bool = false) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: Self.port(of: url)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: bytes))
            if thenClose { return "" }
            var answer = ""
            for try await buffer in inbound { answer += String(buffer: buffer) }
            return answer
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

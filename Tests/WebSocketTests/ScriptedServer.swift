import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A server on a free loopback port that does to each client exactly what its script says, byte by byte.
enum ScriptedServer {
    typealias Script = @Sendable (inout Peer) async throws -> Void

    /// Runs the server while `body` runs, which gets the port, and lets the script end. Its errors are none of the
    /// client's.
    static func run(
        _ script: @escaping Script, while body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        // Clients are wrapped when their turn comes: a wrapped channel that nobody takes traps when it is dropped.
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel in channel.eventLoop.makeSucceededFuture(channel) }
        let port = server.channel.localAddress?.port ?? 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    for try await channel in clients {
                        // A client may have gone before its turn.
                        guard let client = try? await Self.wrap(channel) else { continue }
                        try? await client.executeThenClose { inbound, outbound in
                            var peer = Peer(
                                inbound: inbound.makeAsyncIterator(), outbound: outbound, channel: client.channel)
                            try await script(&peer)
                        }
                    }
                }
            }
            try await body(port)
            // Ends the sequence of clients, so that the script comes to its own end.
            try await server.channel.close()
            try await group.waitForAll()
        }
    }

    private static func wrap(_ channel: any Channel) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await channel.eventLoop.submit {
            let wrapped = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            try channel.syncOptions?.setOption(.autoRead, value: true)
            return wrapped
        }.get()
    }
}

/// The server's end of one connection.
struct Peer {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let channel: any Channel
    private var received = ByteBuffer()
    private(set) var requestLines: [String] = []

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, channel: any Channel
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.channel = channel
    }

    struct Frame: Equatable {
        let opcode: UInt8
        let payload: [UInt8]
        let isMasked: Bool
        var text: String { String(decoding: payload, as: UTF8.self) }
        var closeCode: Int? { payload.count < 2 ? nil : Int(payload[0]) << 8 | Int(payload[1]) }
    }

    struct Ended: Error {}

    /// Reads the upgrade request up to its empty line.
    mutating func readRequest() async throws {
        while true {
            let text = String(buffer: received)
            if let end = text.firstRange(of: "\r\n\r\n") {
                received.moveReaderIndex(forwardBy: text[..<end.upperBound].utf8.count)
                requestLines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
                return
            }
            try await receiveMore()
        }
    }

    /// Accepts the upgrade; `replacing` sets or (with `nil`) removes header fields of the answer, `then` follows it in
    /// the same piece, unless the pieces are to be smaller.
    mutating func accept(
        replacing: [String: String?] = [:], inPiecesOf size: Int = .max, then bytes: [UInt8] = []
    ) async throws {
        try await readRequest()
        var request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        for line in requestLines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            request.headers.add(name: String(parts[0]), value: parts[1].trimming { $0 == " " })
        }
        var headers = HTTPHeaders([("Upgrade", "websocket"), ("Connection", "Upgrade")])
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        headers = try await upgrader.buildUpgradeResponse(
            channel: channel, upgradeRequest: request, initialResponseHeaders: headers
        ).get()
        headers.replaceOrAdd(name: "Upgrade", value: "websocket")
        headers.replaceOrAdd(name: "Connection", value: "Upgrade")
        headers.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: "test.v1")
        for (name, value) in replacing {
            headers.remove(name: name)
            if let value { headers.add(name: name, value: value) }
        }
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let answer = Array("HTTP/1.1 101 Switching Protocols\r\n\(lines)\r\n".utf8) + bytes
        for start in stride(from: 0, to: answer.count, by: min(size, answer.count)) {
            try await send(Array(answer[start...].prefix(size)))
        }
    }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func send(text: String) async throws { try await send(Peer.frame(1, Array(text.utf8))) }

    /// One frame of a server, well-formed for payloads under 64 KiB unless asked otherwise.
    static func frame(_ opcode: UInt8, _ payload: [UInt8], fin: Bool = true) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126
            ? [UInt8(payload.count)] : [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return [(fin ? 0x80 : 0) | opcode] + length + payload
    }

    /// The client's next frame.
    mutating func readFrame() async throws -> Frame {
        while true {
            var buffer = received
            if let frame = Self.parse(&buffer) {
                received = buffer
                return frame
            }
            try await receiveMore()
        }
    }

    /// Waits until the client has gone.
    mutating func readToEnd() async throws {
        while try await inbound.next(isolation: #isolation) != nil {}
    }

    private mutating func receiveMore() async throws {
        guard let more = try await inbound.next(isolation: #isolation) else { throw Ended() }
        received.writeImmutableBuffer(more)
    }

    private static func parse(_ buffer: inout ByteBuffer) -> Frame? {
        guard let first = buffer.readInteger(as: UInt8.self), let second = buffer.readInteger(as: UInt8.self)
        else { return nil }
        var length: Int? = Int(second & 0x7F)
        if length == 126 { length = buffer.readInteger(as: UInt16.self).map(Int.init) }
        if length == 127 { length = buffer.readInteger(as: UInt64.self).map(Int.init) }
        let isMasked = second & 0x80 != 0
        guard let length, let mask = buffer.readBytes(length: isMasked ? 4 : 0),
            let payload = buffer.readBytes(length: length)
        else { return nil }
        let unmasked = isMasked ? payload.enumerated().map { $1 ^ mask[$0 % 4] } : payload
        return Frame(opcode: first & 0x0F, payload: unmasked, isMasked: isMasked)
    }
}

extension Substring {
    fileprivate func trimming(_ isDropped: (Character) -> Bool) -> String { String(drop(while: isDropped)) }
}

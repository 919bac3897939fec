import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A processor's server on a free loopback port, made of two closures.
struct LoopbackServer: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        let headers: [String: String]
        let body: [UInt8]
    }

    struct Reply: Sendable {
        var status = 200
        var type = "application/json"
        /// Where a redirect leads.
        var location: String?
        /// Sent one by one.
        var chunks: [String] = []
        /// `false` drops the connection after the chunks.
        var ends = true
        /// Leaves the answer unfinished.
        var stays = false
    }

    /// What a message of a WebSocket client is answered with.
    enum Message: Sendable {
        case text(String)
        case close(UInt16, String)
        case drop
    }

    var http: @Sendable (Request) async -> Reply = { _ in Reply(status: 404) }
    var webSocket: @Sendable (String) -> [Message] = { _ in [] }
    /// Judges the header fields of an upgrade; one that is refused is answered by `http`.
    var mayUpgrade: @Sendable ([String: String]) -> Bool = { _ in true }
    /// Called when a connection has ended.
    var clientHasGone: @Sendable () -> Void = {}

    /// Serves while `body` runs, which gets the origin: `http://127.0.0.1:<port>`.
    func run<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { [http, clientHasGone, mayUpgrade] channel in
                channel.closeFuture.whenComplete { _ in clientHasGone() }
                let upgrader = NIOWebSocketServerUpgrader(
                    shouldUpgrade: { channel, head in
                        channel.eventLoop.makeSucceededFuture(
                            mayUpgrade(LoopbackServer.fields(head.headers))
                                ? ["Sec-WebSocket-Protocol": "theory.run.v1"] : nil)
                    },
                    upgradePipelineHandler: { [webSocket] channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(MessageHandler(answer: webSocket))
                        }
                    })
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (
                            upgraders: [upgrader],
                            completionHandler: { context in
                                let pipeline = context.pipeline.syncOperations
                                guard let http = try? pipeline.context(handlerType: RequestHandler.self) else { return }
                                pipeline.removeHandler(context: http, promise: nil)
                            }
                        ))
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(answer: http))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let value = try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

extension LoopbackServer {
    fileprivate static func fields(_ headers: HTTPHeaders) -> [String: String] {
        Dictionary(headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
    }
}

private final class RequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (LoopbackServer.Request) async -> LoopbackServer.Reply
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(answer: @escaping @Sendable (LoopbackServer.Request) async -> LoopbackServer.Reply) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer): body += buffer.readableBytesView
        case .end:
            guard let head else { return }
            let request = LoopbackServer.Request(
                method: head.method.rawValue, path: head.uri, headers: LoopbackServer.fields(head.headers), body: body)
            let channel = context.channel
            context.eventLoop.makeFutureWithTask { [answer] in await answer(request) }.whenSuccess { reply in
                Self.send(reply, to: channel)
            }
        }
    }

    private static func send(_ reply: LoopbackServer.Reply, to channel: any Channel) {
        var headers = HTTPHeaders([("Content-Type", reply.type), ("Connection", "close")])
        headers.add(name: "Transfer-Encoding", value: "chunked")
        if let location = reply.location { headers.add(name: "Location", value: location) }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        for chunk in reply.chunks {
            channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: chunk))), promise: nil)
        }
        if reply.stays { return }
        guard reply.ends else {
            channel.flush()
            channel.close(promise: nil)
            return
        }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
}

private final class MessageHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let answer: @Sendable (String) -> [LoopbackServer.Message]

    init(answer: @escaping @Sendable (String) -> [LoopbackServer.Message]) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            for message in answer(String(buffer: frame.unmaskedData)) { send(message, context) }
        case .connectionClose:
            send(.connectionClose, frame.unmaskedData, context)
            context.close(promise: nil)
        default: break
        }
    }

    private func send(_ message: LoopbackServer.Message, _ context: ChannelHandlerContext) {
        switch message {
        case .text(let text): send(.text, ByteBuffer(string: text), context)
        case .close(let code, let reason):
            var data = ByteBuffer()
            data.writeInteger(code)
            data.writeString(reason)
            send(.connectionClose, data, context)
        case .drop: context.close(promise: nil)
        }
    }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: data)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}

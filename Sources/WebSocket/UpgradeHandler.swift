import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Asks for the upgrade, judges the answer (RFC 6455 section 4.1), and lets the session take over.
///
/// Not made of NIO's HTTP handlers: those leave the pipeline some time after the answer, and what comes meanwhile, a
/// message and the end of the connection perhaps, is lost. This one stays and lets everything pass from then on.
final class UpgradeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case waiting(ByteBuffer)
        case upgraded
        case failed
    }

    /// No sound answer to an upgrade is longer.
    private static let headLimit = 16 << 10

    private let request: WebSocketRequest
    private let limits: WebSocketLimits
    private let fate: ConnectionFate
    private let promise: EventLoopPromise<MessageProducer>
    /// Makes the request's key and checks the answer's.
    private let keys = NIOWebSocketClientUpgrader { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
    private var phase = Phase.waiting(ByteBuffer())

    /// - Parameter promise: gets the messages, or `WebSocketError`, before the handler leaves the pipeline.
    init(
        request: WebSocketRequest, limits: WebSocketLimits, fate: ConnectionFate,
        promise: EventLoopPromise<MessageProducer>
    ) {
        self.request = request
        self.limits = limits
        self.fate = fate
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        var headers = HTTPHeaders([
            ("Host", request.authority), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Protocol", request.subprotocol),
        ])
        keys.addCustom(upgradeRequestHeaders: &headers)
        for (name, value) in request.headers.sorted(by: { $0.key < $1.key }) { headers.add(name: name, value: value) }
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = ByteBuffer(string: "GET \(request.target) HTTP/1.1\r\n\(lines)\r\n")
        context.writeAndFlush(Self.wrapOutboundOut(head), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .failed: break
        case .upgraded: context.fireChannelRead(data)
        case .waiting(var received):
            received.writeImmutableBuffer(Self.unwrapInboundIn(data))
            do {
                if let head = try HTTPResponseHead(readingFrom: &received, limit: Self.headLimit) {
                    try judge(head)
                    try takeOver(context, leftover: received)
                } else {
                    phase = .waiting(received)
                }
            } catch {
                fail(error as? WebSocketError ?? .malformedAnswer)
                context.close(promise: nil)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(WebSocketError(.connect, "\(request.origin): can't connect: \(error)"))
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(WebSocketError(.connect, "\(request.origin): the server ended the connection instead of upgrading it"))
    }

    private func fail(_ error: WebSocketError) {
        guard case .waiting = phase else { return }
        phase = .failed
        promise.fail(fate.error ?? error)
    }

    private func judge(_ head: HTTPResponseHead) throws(WebSocketError) {
        guard head.status.code == 101 else {
            let status = Int(head.status.code)
            throw WebSocketError(.refused(status: status), "the server refused the upgrade with HTTP \(status)")
        }
        guard Self.names("upgrade", in: head.headers[canonicalForm: "connection"]),
            Self.names("websocket", in: head.headers[canonicalForm: "upgrade"]),
            keys.shouldAllowUpgrade(upgradeResponse: head)
        else { throw .malformedAnswer }
        guard head.headers["sec-websocket-protocol"] == [request.subprotocol] else {
            throw WebSocketError(.protocolViolation, "the server did not select the subprotocol \(request.subprotocol)")
        }
        guard !head.headers.contains(name: "sec-websocket-extensions") else {
            throw WebSocketError(.protocolViolation, "the server selected an extension that was not offered")
        }
    }

    private static func names(_ token: String, in values: [Substring]) -> Bool {
        values.contains { $0.lowercased() == token }
    }

    private func takeOver(_ context: ChannelHandlerContext, leftover: ByteBuffer) throws {
        // The owner works on what came in one turn while the next is read, and not more.
        let new = MessageProducer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1), finishOnDeinit: true,
            delegate: MessageDemand(channel: context.channel))
        let session = WebSocketSession(limits: limits, fate: fate, source: new.source)
        try context.pipeline.syncOperations.addHandlers([WebSocketFrameEncoder(), session])
        phase = .upgraded
        promise.succeed(new.sequence)
        // A server may send its first frame in one piece with its answer.
        if leftover.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(leftover)) }
    }
}

extension WebSocketError {
    fileprivate static let malformedAnswer = WebSocketError(
        .protocolViolation, "the server's answer to the upgrade is not valid")
}

extension HTTPResponseHead {
    /// Reads a head of HTTP/1.1 up to its empty line and leaves what follows; `nil` while it is incomplete.
    ///
    /// - Throws: `WebSocketError.Kind.protocolViolation` for anything else.
    fileprivate init?(readingFrom buffer: inout ByteBuffer, limit: Int) throws(WebSocketError) {
        let start = Array("HTTP/1.1 ".utf8)
        guard buffer.readableBytesView.starts(with: start.prefix(buffer.readableBytes)) else { throw .malformedAnswer }
        guard let end = buffer.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else {
            guard buffer.readableBytes < limit else { throw .malformedAnswer }
            return nil
        }
        let length = end.upperBound - buffer.readerIndex
        guard length <= limit, let head = buffer.readSlice(length: length),
            let text = String(validating: head.readableBytesView, as: UTF8.self)
        else { throw .malformedAnswer }
        let lines = text.unicodeScalars.split(separator: "\r\n".unicodeScalars)
        guard let code = lines.first.flatMap({ Int(String($0.dropFirst(start.count).prefix(3))) }), code >= 100
        else { throw .malformedAnswer }
        self.init(version: .http1_1, status: HTTPResponseStatus(statusCode: code))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, line.first != " ", line.first != "\t"
            else { throw .malformedAnswer }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.add(name: String(line[..<colon]), value: String(value.trimmingTrailingBlanks()))
        }
    }
}

extension Substring.UnicodeScalarView {
    fileprivate func trimmingTrailingBlanks() -> Self {
        var result = self
        while let last = result.last, last == " " || last == "\t" { result.removeLast() }
        return result
    }
}

import NIOCore
import NIOWebSocket

/// What the connection's owner asks of its session.
enum WebSocketCommand: Sendable {
    case text(String)
    case close(CloseFrame)
}

/// The owner reads on after having been behind.
struct MessagesWanted: Sendable {}

/// Its elements are the messages of one turn of the event loop each: handing each message over by itself would cost more
/// than reading it.
typealias MessageProducer = NIOThrowingAsyncSequenceProducer<
    [String], any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, MessageDemand
>

/// Tells the session, on its event loop, that its messages are wanted.
struct MessageDemand: NIOAsyncSequenceProducerDelegate {
    let channel: any Channel

    func produceMore() { channel.triggerUserOutboundEvent(MessagesWanted(), promise: nil) }

    /// Whoever stops reading has closed the connection or is about to.
    func didTerminate() {}
}

/// The client's side of an open connection: messages up, control frames answered, pings, the close handshake.
///
/// Back-pressure: while the owner is behind, reads are held back here. They go on regardless once a close handshake has
/// begun, so that it can end.
final class WebSocketSession: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = WebSocketCommand
    typealias OutboundOut = WebSocketFrame

    private enum Phase {
        case open
        /// Our close frame is sent, the peer's awaited.
        case closing
        case closed
    }

    private let limits: WebSocketLimits
    private let fate: ConnectionFate
    private let source: MessageProducer.Source
    private var reader: MessageReader
    /// Messages that came in this turn of the event loop.
    private var batch: [String] = []
    private var phase = Phase.open

    private var ownerIsBehind = false
    private var readIsHeld = false

    private var pingCount: UInt64 = 0
    private var pingIsUnanswered = false
    private var timer: Scheduled<Void>?
    /// The latest ping that could not be answered because the peer does not read; older ones need no answer
    /// (RFC 6455 section 5.5.3), so that they can't pile up.
    private var owedPong: ByteBuffer?

    init(limits: WebSocketLimits, fate: ConnectionFate, source: MessageProducer.Source) {
        self.limits = limits
        self.fate = fate
        self.source = source
        self.reader = MessageReader(messageLimit: limits.messageBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) { schedulePing(context) }

    /// Where the peer ends the connection while the upgrade is finishing, this is the only call that tells.
    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.ended)
        timer?.cancel()
    }

    // MARK: From the peer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        reader.receive(Self.unwrapInboundIn(data))
        do throws(WebSocketViolation) {
            while phase != .closed, let event = try reader.next() { handle(event, context) }
        } catch {
            fail(error, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        context.fireChannelReadComplete()
    }

    private func handle(_ event: MessageReader.Event, _ context: ChannelHandlerContext) {
        switch event {
        case .text(let text): if phase == .open { batch.append(text) }
        case .ping(let data): answer(data, context)
        case .pong(let data): takePong(data, context)
        case .close(let frame): takeClose(frame, context)
        }
    }

    private func deliver() {
        guard !batch.isEmpty else { return }
        switch source.yield(contentsOf: CollectionOfOne(batch)) {
        case .produceMore: break
        case .stopProducing, .dropped: ownerIsBehind = true
        }
        batch = []
    }

    private func answer(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard phase == .open else { return }
        guard context.channel.isWritable else {
            owedPong = data
            return
        }
        send(.pong, data, context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let data = owedPong {
            owedPong = nil
            answer(data, context)
        }
        context.fireChannelWritabilityChanged()
    }

    private func takeClose(_ frame: CloseFrame, _ context: ChannelHandlerContext) {
        if phase == .open {
            send(.connectionClose, frame.payload, context)
            finish(.closed(frame))
        }
        drop(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(.ended)
        drop(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.ended)
        timer?.cancel()
        context.fireChannelInactive()
    }

    // MARK: From the owner

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .text(let text):
            guard phase == .open else {
                promise?.fail(fate.error ?? .cancelled)
                return
            }
            let frame = WebSocketFrame(
                fin: true, opcode: .text, maskKey: .random(), data: context.channel.allocator.buffer(string: text))
            context.writeAndFlush(Self.wrapOutboundOut(frame), promise: promise)
        case .close(let frame):
            if phase == .open {
                fate.record(.cancelled)
                batch = []
                source.finish()
                beginClosing(frame, limits.close, context)
            }
            promise?.succeed()
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is MessagesWanted else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        ownerIsBehind = false
        // The pong may have been in the socket all the while.
        if pingIsUnanswered, readIsHeld { schedulePongDeadline(context) }
        releaseRead(context)
        promise?.succeed()
    }

    func read(context: ChannelHandlerContext) {
        if ownerIsBehind, phase == .open {
            readIsHeld = true
        } else {
            context.read()
        }
    }

    private func releaseRead(_ context: ChannelHandlerContext) {
        guard readIsHeld else { return }
        readIsHeld = false
        context.read()
    }

    // MARK: Time

    private func schedulePing(_ context: ChannelHandlerContext) {
        schedule(limits.pingInterval, context) { session, context in
            session.pingCount += 1
            session.pingIsUnanswered = true
            session.send(.ping, ByteBuffer(integer: session.pingCount), context)
            session.schedulePongDeadline(context)
        }
    }

    private func schedulePongDeadline(_ context: ChannelHandlerContext) {
        schedule(limits.pong, context) { session, context in
            if session.readIsHeld { return }  // Set again when reading goes on.
            session.finish(WebSocketError(.timeout, "the peer did not answer a ping within \(session.limits.pong)"))
            session.drop(context)
        }
    }

    private func takePong(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard phase == .open, pingIsUnanswered, data == ByteBuffer(integer: pingCount) else { return }
        pingIsUnanswered = false
        schedulePing(context)
    }

    /// There is one timer: for the next ping, its pong, or the end of the close handshake.
    private func schedule(
        _ delay: Duration, _ context: ChannelHandlerContext,
        _ action: @escaping (WebSocketSession, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { action(self, context) }
    }

    // MARK: The end

    /// Ends the messages with this error, after those that came before, unless they have ended.
    private func finish(_ error: WebSocketError) {
        guard phase == .open else { return }
        deliver()
        phase = .closed
        fate.record(error)
        source.finish(error)
    }

    /// Ends the messages and tells the peer why. What it sends from now on is no news.
    private func fail(_ violation: WebSocketViolation, _ context: ChannelHandlerContext) {
        guard phase == .open else { return }
        finish(violation.error)
        let frame = CloseFrame(violation.code, reason: violation.message)
        beginClosing(frame, min(limits.close, .seconds(1)), context)
    }

    /// Sends the close frame and gives the peer some time. Closing the socket at once could make the system drop the
    /// frame, should the peer have sent more than was read.
    private func beginClosing(_ frame: CloseFrame, _ patience: Duration, _ context: ChannelHandlerContext) {
        phase = .closing
        send(.connectionClose, frame.payload, context)
        schedule(patience, context) { session, context in session.drop(context) }
        releaseRead(context)
    }

    private func drop(_ context: ChannelHandlerContext) {
        phase = .closed
        context.close(promise: nil)
    }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}

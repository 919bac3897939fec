import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import WebSocket

/// Time and demand, in an embedded channel whose clock the test moves.
@Suite(.tags(.small), .timeLimit(.minutes(1))) struct WebSocketSessionTests {
    private let channel = EmbeddedChannel()
    private let fate = ConnectionFate()
    private let messages: MessageProducer
    private let readsReachingTheSocket = ReadCounter()

    init() throws {
        let new = MessageProducer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1), finishOnDeinit: true,
            delegate: MessageDemand(channel: channel))
        messages = new.sequence
        let session = WebSocketSession(limits: WebSocketLimits(), fate: fate, source: new.source)
        try channel.pipeline.syncOperations.addHandlers([readsReachingTheSocket, session])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    @Test func pingsAfterTheIntervalAndGoesOnAfterThePong() throws {
        channel.embeddedEventLoop.advanceTime(by: .seconds(24))
        #expect(try sent() == nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        let ping = try #require(try sent())
        #expect(ping.opcode == .ping)
        #expect(ping.maskKey != nil)
        try receive(.pong, ping.data)
        channel.embeddedEventLoop.advanceTime(by: .seconds(24))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try sent()?.opcode == .ping)
    }

    @Test(arguments: [nil, "another"])
    func aPingWithoutItsPongEndsTheConnection(payload: String?) throws {
        channel.embeddedEventLoop.advanceTime(by: .seconds(25))
        if let payload { try receive(.pong, ByteBuffer(string: payload)) }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(9_999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        #expect(fate.error?.kind == .timeout)
    }

    @Test func aPongThatWasNotAskedForIsIgnored() throws {
        try receive(.pong, ByteBuffer(string: "x"))
        #expect(channel.isActive)
        #expect(try sent() == nil)
    }

    @Test func answersAPingWithItsData() throws {
        try receive(.ping, ByteBuffer(string: "data"))
        let pong = try #require(try sent())
        #expect(pong.opcode == .pong)
        #expect(pong.data == ByteBuffer(string: "data"))
    }

    @Test func pingsOfAPeerThatDoesNotReadDoNotPileUp() throws {
        channel.isWritable = false
        for number in 0..<1000 { try receive(.ping, ByteBuffer(string: "\(number)")) }
        #expect(try sent() == nil)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try sent()?.data == ByteBuffer(string: "999"))
        #expect(try sent() == nil)
    }

    @Test func leavesTheSocketAloneWhileTheReaderIsBehind() async throws {
        channel.read()
        #expect(readsReachingTheSocket.count == 1)
        try receive(.text, ByteBuffer(string: "1"))
        channel.read()
        #expect(readsReachingTheSocket.count == 1)
        let iterator = messages.makeAsyncIterator()
        #expect(try await iterator.next() == ["1"])
        channel.embeddedEventLoop.run()
        #expect(readsReachingTheSocket.count == 2)
    }

    @Test func whatComesInOneTurnIsHandedOverTogether() async throws {
        let turn = [("1", true), ("2", false), ("3", true)]
        for (text, isFinal) in turn {
            let opcode: WebSocketOpcode = text == "3" ? .continuation : .text
            channel.pipeline.fireChannelRead(bytes(opcode, ByteBuffer(string: text), isFinal: isFinal))
        }
        channel.pipeline.fireChannelReadComplete()
        #expect(try await messages.makeAsyncIterator().next() == ["1", "23"])
    }

    @Test func aReaderThatIsBehindIsNotThePeersSilence() async throws {
        try receive(.text, ByteBuffer(string: "1"))
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(1000))
        #expect(channel.isActive)
        let iterator = messages.makeAsyncIterator()
        _ = try await iterator.next()
        channel.embeddedEventLoop.run()
        // The deadline starts again where reading goes on.
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(9_999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(fate.error?.kind == .timeout)
    }

    @Test func closingWaitsForThePeerAndNotForEver() throws {
        channel.writeAndFlush(WebSocketCommand.close(CloseFrame(.normal)), promise: nil)
        #expect(try sent()?.opcode == .connectionClose)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(4_999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test func closingReadsOnThoughTheReaderIsBehind() throws {
        try receive(.text, ByteBuffer(string: "1"))
        channel.read()
        #expect(readsReachingTheSocket.count == 0)
        channel.writeAndFlush(WebSocketCommand.close(CloseFrame(.normal)), promise: nil)
        #expect(readsReachingTheSocket.count == 1)
        try receive(.connectionClose, CloseFrame(.normal).payload)
        #expect(!channel.isActive)
    }

    @Test func answersAClose() async throws {
        try receive(.text, ByteBuffer(string: "last"))
        try receive(.connectionClose, CloseFrame(.goingAway, reason: "bye").payload)
        let answer = try #require(try sent())
        #expect(try CloseFrame(reading: answer.data) == CloseFrame(.goingAway, reason: "bye"))
        #expect(!channel.isActive)
        let iterator = messages.makeAsyncIterator()
        #expect(try await iterator.next() == ["last"])
        await #expect(throws: WebSocketError.self) { try await iterator.next() }
        #expect(fate.error?.kind == .closed(.goingAway, reason: "bye"))
    }

    @Test func aViolationIsToldToThePeer() throws {
        try receive(.binary, ByteBuffer(string: "x"))
        let close = try #require(try sent())
        #expect(try CloseFrame(reading: close.data).code == .unsupportedData)
        #expect(fate.error?.kind == .protocolViolation)
        try receive(.text, ByteBuffer(string: "more"))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    private func sent() throws -> WebSocketFrame? { try channel.readOutbound(as: WebSocketFrame.self) }

    private func receive(_ opcode: WebSocketOpcode, _ data: ByteBuffer) throws {
        try channel.writeInbound(bytes(opcode, data))
    }

    private func bytes(_ opcode: WebSocketOpcode, _ data: ByteBuffer, isFinal: Bool = true) -> ByteBuffer {
        ByteBuffer(bytes: Peer.frame(UInt8(webSocketOpcode: opcode), Array(data.readableBytesView), fin: isFinal))
    }
}

/// Stands between the session and the socket.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = NIOAny
    private(set) var count = 0
    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

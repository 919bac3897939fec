import DeploymentModel
import NIOCore
import NIOPosix
import NetworkNamespace

/// A port on this host's loopback that leads to a processor that is cut off, so that every transport reaches it as it would
/// any other, and no proxy is asked for the way.
struct LoopbackRelay: Sendable {
    /// Where the processor's server is.
    enum Target: Sendable {
        /// On the loopback inside a network namespace.
        case namespace(NetworkNamespace, port: UInt16)
        /// At an address of a network that only this host is on.
        case address(String, port: UInt16)
    }

    /// `http://127.0.0.1:<port>`.
    let origin: String

    /// Relays while `body` runs.
    ///
    /// - Throws: `Failure` with `ERR_NETWORK` when there is no free port, and what `body` throws.
    static func relaying<Value: Sendable>(
        to target: Target,
        _ body: @escaping @Sendable (LoopbackRelay) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let clients = Clients()
        let server: any Channel
        do {
            server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.autoRead, value: false)
                .childChannelInitializer { channel in
                    clients.add(channel, limit: .max)
                    return lead(channel, to: target, clients)
                }
                .bind(host: "127.0.0.1", port: 0).get()
        } catch { throw Failure(.network, "no port of this host leads to the processor: \(error)") }
        let relay = LoopbackRelay(origin: "http://127.0.0.1:\(server.localAddress?.port ?? 0)")
        let result: Result<Value, Failure>
        do throws(Failure) {
            result = .success(try await body(relay))
        } catch { result = .failure(error) }
        server.close(promise: nil)
        clients.closeAll()
        return try result.get()
    }

    private static func lead(
        _ channel: any Channel, to target: Target, _ clients: Clients
    ) -> EventLoopFuture<Void> {
        let loop = channel.eventLoop
        switch target {
        case .namespace(let namespace, let port):
            // Connecting to a loopback address takes no time, but making the socket takes a thread.
            return NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
                try namespace.connect(toLoopbackPort: port)
            }.flatMap { bootstrap(behind: channel, clients).withConnectedSocket($0) }.map { _ in }
        case .address(let host, let port):
            return bootstrap(behind: channel, clients).connect(host: host, port: Int(port)).map { _ in }
        }
    }

    /// For the connection that is the other end of a channel, on the same event loop.
    private static func bootstrap(behind channel: any Channel, _ clients: Clients) -> ClientBootstrap {
        ClientBootstrap(group: channel.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
            .channelInitializer { inner in
                clients.add(inner, limit: .max)
                return inner.eventLoop.makeCompletedFuture {
                    let (outside, inside) = RelayHandler.pair()
                    try channel.pipeline.syncOperations.addHandler(outside)
                    try inner.pipeline.syncOperations.addHandler(inside)
                }
            }
    }
}

/// One end of a relayed connection. It reads only while the other end can be written to, so that a slow reader slows the
/// writer down and nothing piles up in between.
private final class RelayHandler: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    private var partner: RelayHandler?
    private var context: ChannelHandlerContext?
    private var wantsToRead = false

    /// Two ends that belong together; both channels have to be on one event loop.
    static func pair() -> (RelayHandler, RelayHandler) {
        let (first, second) = (RelayHandler(), RelayHandler())
        first.partner = second
        second.partner = first
        return (first, second)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        read(context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        partner?.context?.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.context?.flush()
        context.fireChannelReadComplete()
        read(context: context)
    }

    /// Puts a read off until the partner can take what it brings.
    func read(context: ChannelHandlerContext) {
        if partner?.context?.channel.isWritable ?? true {
            context.read()
        } else {
            wantsToRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let partner, partner.wantsToRead {
            partner.wantsToRead = false
            partner.context?.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, case .inputClosed = event {
            partner?.context?.close(mode: .output, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner?.context?.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

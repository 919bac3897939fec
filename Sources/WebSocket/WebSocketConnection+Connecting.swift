import NIOCore
import NIOPosix

extension WebSocketConnection {
    /// Connects and upgrades, within `limits.connect`.
    static func connect(
        to request: WebSocketRequest, limits: WebSocketLimits
    ) async throws(WebSocketError) -> WebSocketConnection {
        // The place for TLS: a handler in front of the HTTP ones, or a bootstrap that makes a secure channel.
        guard !request.isSecure else {
            throw WebSocketError(.connect, "\(request.origin): wss:// can't be connected to yet")
        }
        let fate = ConnectionFate()
        let deadline = NIODeadline.now() + TimeAmount(limits.connect)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(limits.connect))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        do {
            return try await withTaskCancellationHandler {
                let (channel, upgrade) = try await bootstrap.connect(host: request.host, port: request.port) {
                    channel in
                    fate.adopt(channel)
                    let promise = channel.eventLoop.makePromise(of: MessageProducer.self)
                    let timeout = channel.eventLoop.scheduleTask(deadline: deadline) {
                        fate.abandon(.connectTimeout(request, limits))
                    }
                    promise.futureResult.whenComplete { _ in timeout.cancel() }
                    let handler = UpgradeHandler(request: request, limits: limits, fate: fate, promise: promise)
                    do {
                        try channel.pipeline.syncOperations.addHandler(handler)
                    } catch {
                        promise.fail(error)
                    }
                    return channel.eventLoop.makeSucceededFuture((channel, promise.futureResult))
                }
                return WebSocketConnection(
                    channel: channel, messages: try await upgrade.get(), fate: fate, messageLimit: limits.messageBytes)
            } onCancel: {
                fate.abandon(.cancelled)
            }
        } catch {
            let error = fate.error ?? Self.connectError(error, request, limits)
            fate.abandon(error)
            throw error
        }
    }

    private static func connectError(
        _ error: any Error, _ request: WebSocketRequest, _ limits: WebSocketLimits
    ) -> WebSocketError {
        switch error {
        case let error as WebSocketError: error
        case ChannelError.connectTimeout: .connectTimeout(request, limits)
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first?.error {
                WebSocketError(.connect, "\(request.origin): can't connect: \(failure)")
            } else {
                WebSocketError(.connect, "\(request.origin): the host name can't be resolved")
            }
        default: WebSocketError(.connect, "\(request.origin): can't connect: \(error)")
        }
    }
}

extension WebSocketError {
    fileprivate static func connectTimeout(_ request: WebSocketRequest, _ limits: WebSocketLimits) -> WebSocketError {
        WebSocketError(.timeout, "\(request.origin): no connection within \(limits.connect)")
    }
}

import HTTP
import NIOCore
import NIOPosix

extension WebSocketConnection {
    /// Connects and upgrades, within `limits.connect`.
    static func connect(
        to request: WebSocketRequest, limits: WebSocketLimits, through client: HTTPClient
    ) async throws(WebSocketError) -> WebSocketConnection {
        let fate = ConnectionFate()
        let opening = WebSocketOpening(
            request: request, limits: limits, fate: fate, deadline: .now() + TimeAmount(limits.connect))
        do {
            return try await withTaskCancellationHandler {
                let (channel, upgrade) = try await opening.connect(through: client)
                return WebSocketConnection(
                    channel: channel, messages: try await upgrade.get(), fate: fate, messageLimit: limits.messageBytes)
            } onCancel: {
                fate.abandon(.cancelled)
            }
        } catch {
            let error = fate.error ?? opening.connectError(error)
            fate.abandon(error)
            throw error
        }
    }
}

/// The ways to a server, and what can go wrong on them.
private struct WebSocketOpening: Sendable {
    typealias Upgrading = (any Channel, EventLoopFuture<MessageProducer>)

    let request: WebSocketRequest
    let limits: WebSocketLimits
    let fate: ConnectionFate
    let deadline: NIODeadline

    /// Straight there where neither TLS nor a proxy is on the way; else libcurl makes the connection, so that proxies
    /// and authorities are those of every other request.
    func connect(through client: HTTPClient) async throws -> Upgrading {
        // One reading a turn: what waits for its owner is as much as one reading gives.
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.maxMessagesPerRead, value: 1)
        let url = try HTTPURL("\(request.isSecure ? "https" : "http")://\(request.authority)/")
        guard request.isSecure || HTTPClient.mayTakeProxy(to: url.origin) else {
            return try await bootstrap.connectTimeout(TimeAmount(limits.connect))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: request.host, port: request.port) { channel in upgrade(channel) }
        }
        // NIO closes it with the channel.
        let socket = try await client.openTunnel(to: url, within: limits.connect)
        return try await bootstrap.withConnectedSocket(socket) { channel in upgrade(channel) }
    }

    private func upgrade(_ channel: any Channel) -> EventLoopFuture<Upgrading> {
        fate.adopt(channel)
        let promise = channel.eventLoop.makePromise(of: MessageProducer.self)
        let timeout = channel.eventLoop.scheduleTask(deadline: deadline) { fate.abandon(connectTimeout) }
        promise.futureResult.whenComplete { _ in timeout.cancel() }
        let handler = UpgradeHandler(request: request, limits: limits, fate: fate, promise: promise)
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            promise.fail(error)
        }
        return channel.eventLoop.makeSucceededFuture((channel, promise.futureResult))
    }

    func connectError(_ error: any Error) -> WebSocketError {
        switch error {
        case let error as WebSocketError: error
        case ChannelError.connectTimeout: connectTimeout
        case let error as HTTPError:
            switch error.kind {
            case .timeout: connectTimeout
            case .cancelled: .cancelled
            default: cannotConnect(error.message)
            }
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first?.error {
                cannotConnect("\(failure)")
            } else {
                WebSocketError(.connect, "\(request.origin): the host name can't be resolved")
            }
        default: cannotConnect("\(error)")
        }
    }

    private var connectTimeout: WebSocketError {
        WebSocketError(.timeout, "\(request.origin): no connection within \(limits.connect)")
    }

    private func cannotConnect(_ cause: String) -> WebSocketError {
        WebSocketError(.connect, "\(request.origin): can't connect: \(cause)")
    }
}

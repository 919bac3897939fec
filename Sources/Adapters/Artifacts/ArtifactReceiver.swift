package import DeploymentModel
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP server that takes the outputs of one run from its processor, so that what the envelope says of them can
/// be checked against the bytes.
///
/// It accepts a `PUT` of each declared output and of the index, each to a URL with a random token that is good for one
/// complete upload, and nothing else.
package struct ArtifactReceiver: Sendable {
    private static let connectionLimit = 64

    private let slots: UploadSlots
    /// For the payload: URLs for `outputs.json` and `outputs/<declared path>`. They are credentials.
    package let putURLs: [String: String]

    /// What has been received completely so far.
    package var received: ReceivedArtifacts { slots.received }

    /// Where uploads arrive; the processor must reach it.
    package enum Place: Sendable {
        /// A free port at this address of this host.
        case host(String)
        /// A socket that is bound already, perhaps in another network namespace, and the port that it is bound to; it is
        /// closed with the receiver.
        case socket(CInt, port: UInt16)
    }

    /// Serves while `body` runs.
    ///
    /// - Parameters:
    ///   - place: where uploads arrive.
    ///   - declared: the paths that the run may write, relative to its write prefix.
    ///   - directory: an existing folder that holds the received files from then on.
    /// - Throws: `Failure` with `ERR_NETWORK` when the address can't be bound, and whatever `body` throws.
    package static func serving<Value: Sendable>(
        at place: Place, for declared: [String], storingIn directory: String, limits: ArtifactLimits = ArtifactLimits(),
        _ body: @escaping @Sendable (ArtifactReceiver) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let clients = Clients()
        let server: NIOAsyncChannel<any Channel, Never>
        let origin: String
        do {
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.autoRead, value: false)
            let accept: @Sendable (any Channel) -> EventLoopFuture<any Channel> = { channel in
                clients.add(channel, limit: connectionLimit)
                return channel.pipeline.configureHTTPServerPipeline().map { channel }
            }
            switch place {
            case .host(let host):
                server = try await bootstrap.bind(host: host, port: 0, childChannelInitializer: accept)
                origin = "http://\(bracketed(host)):\(server.channel.localAddress?.port ?? 0)"
            case .socket(let descriptor, let port):
                server = try await bootstrap.bind(descriptor, childChannelInitializer: accept)
                origin = "http://127.0.0.1:\(port)"
            }
        } catch {
            throw Failure(.network, "no address for uploads at \(place): \(error)")
        }
        var generator = SystemRandomNumberGenerator()
        let slots = UploadSlots(for: declared, totalLimit: limits.total, using: &generator)
        let receiver = ArtifactReceiver(slots: slots, origin: origin)
        let connection = UploadConnection(slots: slots, directory: directory, limits: limits)

        let result = await withTaskGroup(of: Result<Value, Failure>?.self) { group in
            group.addTask {
                await accept(server, connection)
                return nil
            }
            group.addTask {
                do throws(Failure) { return .success(try await body(receiver)) } catch { return .failure(error) }
            }
            var result: Result<Value, Failure>?
            while result == nil, let next = await group.next() { result = next }
            group.cancelAll()
            // A connection that nobody has taken yet hears of no cancellation.
            clients.closeAll()
            return result ?? .failure(.cancelledRun)
        }
        return try result.get()
    }

    private init(slots: UploadSlots, origin: String) {
        self.slots = slots
        var urls: [String: String] = [:]
        for (purpose, token) in slots.tokens {
            switch purpose {
            case .index: urls["outputs.json"] = "\(origin)/\(token)"
            case .output(let path): urls["outputs/\(path)"] = "\(origin)/\(token)"
            }
        }
        putURLs = urls
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    private static func accept(_ server: NIOAsyncChannel<any Channel, Never>, _ connection: UploadConnection) async {
        // An error of the listening socket ends it: then uploads fail, and with them the run.
        try? await server.executeThenClose { channels in
            try await withThrowingDiscardingTaskGroup { group in
                for try await channel in channels {
                    // An error of one client is no other's.
                    group.addTask { try? await serve(channel, connection) }
                }
            }
        }
    }

    private static func serve(_ channel: any Channel, _ connection: UploadConnection) async throws {
        // Only here, where it is sure to be used: an asynchronous channel that is dropped unused traps.
        let wrapped = try await channel.eventLoop.submit {
            let wrapped = try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                wrappingChannelSynchronously: channel)
            try channel.syncOptions?.setOption(.autoRead, value: true)
            return wrapped
        }.get()
        try await wrapped.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            try await connection.serve(&iterator, outbound)
        }
    }
}

/// All open connections of a receiver, to be closed with it.
final class Clients: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// A connection may still be accepted after the receiver has ended; nobody would ever close it.
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Takes a connection into account, or closes it where there are too many or it comes too late.
    func add(_ channel: any Channel, limit: Int) {
        let id = ObjectIdentifier(channel)
        let isWelcome = state.withLock { state in
            state.channels[id] = channel
            return !state.isClosed && state.channels.count <= limit
        }
        channel.closeFuture.whenComplete { _ in self.remove(id) }
        if !isWelcome { channel.close(promise: nil) }
    }

    func closeAll() {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    private func remove(_ id: ObjectIdentifier) {
        state.withLock { $0.channels[id] = nil }
    }
}

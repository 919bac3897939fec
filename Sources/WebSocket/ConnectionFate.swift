import NIOCore
import Synchronization

/// What became of a connection: the first error counts, all others are its echo.
///
/// It also knows the channel, so that a cancelled task can drop the connection from any thread.
final class ConnectionFate: Sendable {
    private struct State {
        var error: WebSocketError?
        var channels: [any Channel] = []
    }

    private let state = Mutex(State())

    var error: WebSocketError? { state.withLock { $0.error } }

    /// Keeps the error unless there is one already.
    func record(_ error: WebSocketError) {
        state.withLock { $0.error = $0.error ?? error }
    }

    /// Takes a channel into account: closed at once if the connection was given up before.
    func adopt(_ channel: any Channel) {
        let isGivenUp = state.withLock { state in
            state.channels.append(channel)
            return state.error != nil
        }
        if isGivenUp { channel.close(promise: nil) }
    }

    /// Drops the connection without a close handshake.
    func abandon(_ error: WebSocketError) {
        let channels = state.withLock { state in
            state.error = state.error ?? error
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}

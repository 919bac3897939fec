/// Deadlines and sizes of a connection.
package struct WebSocketLimits: Hashable, Sendable {
    /// For name, TCP connection and upgrade together.
    package var connect: Duration = .seconds(10)
    /// The largest message either way, in bytes of UTF-8.
    package var messageBytes = 8 << 20
    /// Between two pings.
    package var pingInterval: Duration = .seconds(25)
    /// How long a ping may stay without its pong. Does not count while the reader of the messages is behind.
    package var pong: Duration = .seconds(10)
    /// How long the peer has for its part of the close handshake.
    package var close: Duration = .seconds(5)

    package init() {}
}

/// The four times after which a transfer is given up. `nil` means for ever.
package struct HTTPDeadlines: Sendable, Equatable {
    /// Which of them passed.
    package enum Stage: String, Sendable, Equatable {
        case connect, firstByte, idle, whole
    }

    /// Name look-up, TCP (or unix socket) and TLS together.
    package var connect: Duration?
    /// From the last byte sent to the first byte of the answer; also bounds a peer that stops reading.
    package var firstByte: Duration?
    /// Silence inside the answer. Time in which the consumer of the body lags is not counted.
    package var idle: Duration?
    /// Everything, the lag of the consumer included.
    package var whole: Duration?

    package init(
        connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(60), idle: Duration? = .seconds(60),
        whole: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.whole = whole
    }

    /// No deadline at all but the one for connecting: for streams that may be silent for as long as they like.
    package static let stream = HTTPDeadlines(firstByte: nil, idle: nil)
}

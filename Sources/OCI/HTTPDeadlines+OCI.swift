package import HTTP

extension HTTPDeadlines {
    /// For answers of at most a few megabytes.
    package static let registry = HTTPDeadlines(
        connect: .seconds(10), firstByte: .seconds(30), idle: .seconds(30), whole: .seconds(120))

    /// With the time in all that this many bytes take at 32 KiB/s, so that no peer can drip for ever.
    func extended(for bytes: Int64) -> HTTPDeadlines {
        var longer = self
        longer.whole = whole.map { $0 + .seconds(bytes / (32 << 10)) }
        return longer
    }

    /// For sending this many bytes. Registries may take their time to store a layer when it is all there.
    func upload(of bytes: Int64) -> HTTPDeadlines {
        var longer = extended(for: bytes)
        longer.firstByte = firstByte.map { $0 * 10 }
        longer.whole = longer.whole.map { $0 + (firstByte ?? .zero) * 10 }
        return longer
    }
}

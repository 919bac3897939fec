import FoundationEssentials

/// A time for people and scripts: RFC 3339 in UTC.
struct Timestamp {
    let text: String

    /// - Parameter seconds: since 1970.
    init(seconds: Int) { text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }
}

import FoundationEssentials

extension RefRecord.Hold {
    /// `held by Ann since 2026-01-31T12:00:00Z: empty answers; it keeps sha256:60d28ccbbfe3… of 9c1e44d away`
    package var sentence: String {
        let time = Date(timeIntervalSince1970: Double(since)).formatted(.iso8601)
        let digest = from.pins.min { $0.key < $1.key }?.value.digest
        let what = digest.map { "sha256:\($0.short)… of " } ?? ""
        return "held by \(by) since \(time)\(reason.map { ": \($0)" } ?? ""); "
            + "it keeps \(what)\(from.commit.prefix(7)) away"
    }
}

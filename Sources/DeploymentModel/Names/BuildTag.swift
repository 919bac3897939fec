/// The tag of a local build: `build-<UTC yyyyMMddHHmmss>-<arch>`. Tags of one platform sort by time.
package struct BuildTag: Hashable, Sendable, CustomStringConvertible {
    package let stamp: String
    package let platform: Platform

    /// - Parameter secondsSinceEpoch: since 1970-01-01 00:00:00 UTC.
    package init(secondsSinceEpoch: Int, platform: Platform) {
        let (days, seconds) = secondsSinceEpoch.quotientAndRemainder(dividingBy: 86400)
        let (year, month, day) = Self.civil(daysSinceEpoch: days)
        let fields = [month, day, seconds / 3600, seconds / 60 % 60, seconds % 60]
        stamp = "\(year)" + fields.map { ($0 < 10 ? "0" : "") + "\($0)" }.joined()
        self.platform = platform
    }

    /// Reads a tag; `nil` for any other.
    package init?(_ tag: String) {
        let parts = tag.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "build", parts[1].utf8.count == 14, parts[1].allSatisfy(\.isWholeNumber),
            let platform = Platform(rawValue: String(parts[2]))
        else { return nil }
        stamp = String(parts[1])
        self.platform = platform
    }

    package var description: String { "build-\(stamp)-\(platform)" }

    /// The proleptic Gregorian date of a day not before 1970; years that begin in March put the leap day last.
    private static func civil(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension SchemaFormat {
    /// RFC 3339 `date-time`.
    static func isDateTime(_ text: [UInt8]) -> Bool {
        guard text.count > 10, text[10] | 0x20 == UInt8(ascii: "t") else { return false }
        return isDate(text[..<10]) && isTime(text[11...])
    }

    /// RFC 3339 `full-date`.
    static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        guard let year = take(4, from: &rest), skip("-", in: &rest), let month = take(2, from: &rest),
            skip("-", in: &rest), let day = take(2, from: &rest), rest.isEmpty, (1...12).contains(month)
        else { return false }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...lengths[month - 1]).contains(day)
    }

    /// RFC 3339 `full-time`, which has an offset. A leap second is one only at 23:59:60 UTC.
    static func isTime(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        guard let hour = take(2, from: &rest), skip(":", in: &rest), let minute = take(2, from: &rest),
            skip(":", in: &rest), let second = take(2, from: &rest), hour < 24, minute < 60, second <= 60
        else { return false }
        if skip(".", in: &rest) {
            let digits = rest.prefix(while: isDigit).count
            guard digits > 0 else { return false }
            rest = rest.dropFirst(digits)
        }
        guard let offset = offset(rest) else { return false }
        let minuteOfDay = (hour * 60 + minute - offset + 24 * 60) % (24 * 60)
        return second < 60 || minuteOfDay == 23 * 60 + 59
    }

    /// `Z` or `+01:00`, in minutes.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        var rest = text
        if rest.count == 1, let byte = rest.first, byte | 0x20 == UInt8(ascii: "z") { return 0 }
        let isBehind = skip("-", in: &rest)
        guard isBehind || skip("+", in: &rest), let hour = take(2, from: &rest), skip(":", in: &rest),
            let minute = take(2, from: &rest), rest.isEmpty, hour < 24, minute < 60
        else { return nil }
        return (isBehind ? -1 : 1) * (hour * 60 + minute)
    }

    private static func take(_ count: Int, from text: inout ArraySlice<UInt8>) -> Int? {
        let digits = text.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        text = text.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func skip(_ scalar: Unicode.Scalar, in text: inout ArraySlice<UInt8>) -> Bool {
        guard text.first == UInt8(ascii: scalar) else { return false }
        text = text.dropFirst()
        return true
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
}

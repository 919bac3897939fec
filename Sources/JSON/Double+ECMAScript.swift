extension Double {
    /// The number as ECMAScript's `Number::toString` writes it (ECMA-262 section 6.1.6.1.20), which RFC 8785 wants.
    ///
    /// Swift's own description has the same digits, the shortest that read back as this double, in another layout.
    /// Only for finite numbers.
    var ecmaScriptDescription: String {
        if self == 0 { return "0" }  // both zeros
        let (digits, point) = decimalDigits
        let count = digits.count
        let magnitude: String
        switch point {
        case count...21 where point > 0:
            magnitude = digits + String(repeating: "0", count: point - count)
        case 1...21:
            magnitude = digits.prefix(point) + "." + digits.dropFirst(point)
        case -5...0:
            magnitude = "0." + String(repeating: "0", count: -point) + digits
        default:
            let fraction = count > 1 ? "." + digits.dropFirst() : ""
            magnitude = digits.prefix(1) + fraction + "e" + (point > 0 ? "+" : "-") + String((point - 1).magnitude)
        }
        return (self < 0 ? "-" : "") + magnitude
    }

    /// The significant digits, without zeros at either end, and where the decimal point stands counted from their start.
    private var decimalDigits: (digits: String, point: Int) {
        let parts = self.magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let all = mantissa.joined()
        let leading = all.prefix { $0 == "0" }.count
        var digits = all.dropFirst(leading)
        while digits.last == "0" { digits.removeLast() }
        return (String(digits), mantissa[0].count + exponent - leading)
    }
}

/// The magnitude of a number as `coefficient` × 10^`exponent`, from its shortest digits: what an author wrote, so that
/// 0.0075 is a multiple of 0.0001, which no arithmetic of doubles says.
struct JSONDecimal: Sendable {
    let coefficient: UInt64
    let exponent: Int

    /// `nil` for what is no finite number.
    init?(_ value: JSONValue) {
        switch value {
        case .integer(let value):
            (coefficient, exponent) = (value.magnitude, 0)
        case .number(let value) where value.isFinite:
            let parts = value.magnitude.description.split(separator: "e")
            let mantissa = parts[0].split(separator: ".")
            var digits = mantissa.joined()
            var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - (mantissa.count > 1 ? mantissa[1].count : 0)
            while digits.count > 1, digits.last == "0" {
                digits.removeLast()
                exponent += 1
            }
            // At most 17 digits are left.
            guard let coefficient = UInt64(digits) else { return nil }
            (self.coefficient, self.exponent) = (coefficient, exponent)
        default:
            return nil
        }
    }

    /// Whether this is an integral multiple of the other, which is not zero. Exact.
    func isMultiple(of other: JSONDecimal) -> Bool {
        if coefficient == 0 { return true }
        guard other.coefficient != 0 else { return false }
        let shift = exponent - other.exponent
        if shift >= 0 {
            let modulus = other.coefficient
            return Self.product(coefficient % modulus, Self.powerOfTen(shift, modulo: modulus), modulo: modulus) == 0
        }
        var divisor = other.coefficient
        for _ in 0..<(-shift) {
            let (scaled, isTooLarge) = divisor.multipliedReportingOverflow(by: 10)
            // Larger than any coefficient, of which zero is the only multiple.
            if isTooLarge { return false }
            divisor = scaled
        }
        return coefficient.isMultiple(of: divisor)
    }

    private static func powerOfTen(_ exponent: Int, modulo modulus: UInt64) -> UInt64 {
        var (result, base, rest) = (1 % modulus, 10 % modulus, exponent)
        while rest > 0 {
            if rest % 2 == 1 { result = product(result, base, modulo: modulus) }
            base = product(base, base, modulo: modulus)
            rest /= 2
        }
        return result
    }

    /// Both factors are below the modulus.
    private static func product(_ a: UInt64, _ b: UInt64, modulo modulus: UInt64) -> UInt64 {
        modulus.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder
    }
}

extension JSONValue {
    /// Whether this number is below the other, by exact value and not by rounding 64 bits to a double.
    func isLess(than other: JSONValue) -> Bool {
        switch (self, other) {
        case (.integer(let a), .integer(let b)): a < b
        case (.integer(let a), .number(let b)): Self.isLess(a, b)
        case (.number(let a), .integer(let b)): Self.isLess(a, b)
        case (.number(let a), .number(let b)): a < b
        default: false
        }
    }

    private static func isLess(_ integer: Int64, _ number: Double) -> Bool {
        if number >= 0x1p63 { return true }
        guard number >= -0x1p63 else { return false }
        let truncated = Int64(number)
        return integer != truncated ? integer < truncated : Double(truncated) < number
    }

    private static func isLess(_ number: Double, _ integer: Int64) -> Bool {
        if number >= 0x1p63 { return false }
        guard number >= -0x1p63 else { return true }
        let truncated = Int64(number)
        return integer != truncated ? truncated < integer : number < Double(truncated)
    }
}

extension JSONParser {
    /// Reads a string; the opening quote is next.
    mutating func parseString() throws(JSONError) -> String {
        let opening = position
        position += 1
        var result = ""
        var runStart = position
        var isASCII = true
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                let run = try text(runStart..<position, isASCII, ofStringAt: opening)
                position += 1
                return result.isEmpty ? run : result + run
            case UInt8(ascii: "\\"):
                result += try text(runStart..<position, isASCII, ofStringAt: opening)
                result.unicodeScalars.append(try parseEscape())
                runStart = position
            case 0..<0x20:
                throw failure(.syntax, "a control character in a string must be escaped")
            default:
                if byte >= 0x80 { isASCII = false }
                position += 1
            }
        }
        throw unexpected("the closing quote of a string")
    }

    private func text(_ range: Range<Int>, _ isASCII: Bool, ofStringAt opening: Int) throws(JSONError) -> String {
        // Nothing to be judged, which takes longer than all the rest.
        if isASCII { return String(decoding: bytes[range], as: UTF8.self) }
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw failure(.encoding, "the string that starts here is not UTF-8", at: opening)
        }
        return text
    }

    private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let byte = current else { throw unexpected("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape(start: start)
        default: throw failure(.syntax, "no such escape", at: start)
        }
    }

    /// Reads the digits after `\u`, and the second half of a surrogate pair where there is one.
    private mutating func parseUnicodeEscape(start: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = try parseFourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if UTF16.isLeadSurrogate(unit), skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) {
            let second = try parseFourHexDigits()
            if UTF16.isTrailSurrogate(second) {
                return UTF16.decode(UTF16.EncodedScalar([unit, second]))
            }
        }
        throw failure(.encoding, "an escape names half a surrogate pair", at: start)
    }

    private mutating func parseFourHexDigits() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    /// Reads a number: an `Int64` if it is written without fraction and exponent and fits, else the nearest double.
    mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        var isInteger = true
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try skipDigits() }
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw failure(.numberRange, "the number is too large", at: start)
        }
        return .number(value)
    }

    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }
}

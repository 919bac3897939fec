extension String {
    /// How many columns it takes in a terminal: two for the wide letters of East Asia and for pictures, none for what joins others.
    var columns: Int { utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.columns } }

    /// As many columns at least, with spaces behind.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - columns)) }

    /// As many columns at most, with `…` for what is cut off; without tabs, whose width nobody knows.
    func fitted(_ width: Int) -> String {
        let text = replacing("\t", with: " ")
        guard text.columns > width else { return text }
        var (short, room) = ("", width - 1)
        for character in text {
            room -= character.columns
            guard room >= 0 else { break }
            short.append(character)
        }
        return width > 0 ? short + "…" : ""
    }
}

extension Character {
    /// Wide are the blocks that Unicode's East Asian Width (UAX #11) has as wide, as far as they are whole, and emoji.
    fileprivate var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return unicodeScalars.contains { $0.value == 0xFE0F } ? 2 : 1
        }
    }
}

extension String {
    /// The text for a terminal: what others wrote may hold sequences that change its colours, its title or worse. Control
    /// characters but line ends and tabs are shown as `\\u{1B}`.
    var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isControl {
                text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// One line with as many scalars, so that what stands below still fits: tabs are spaces, and what else is no text is `�`.
    var printableLine: String {
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            text.append(
                scalar == "\t" ? " " : scalar.isControl || scalar == "\r" || scalar == "\n" ? "\u{FFFD}" : scalar)
        }
        return String(text)
    }
}

extension Unicode.Scalar {
    /// Claims that a terminal does something in place of showing it; of tabs and line ends that is known.
    fileprivate var isControl: Bool {
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0..<0x20, 0x7F..<0xA0: true
        default: false
        }
    }
}

extension String {
    /// In lines of at most so many columns, broken between words; `nil` for any number.
    ///
    /// What goes on in another line stands below the last column of its line that begins in the left third of it: below the
    /// text of a row, not below its name. A word alone that is too long for a line stays whole: it may be meant to be copied.
    func wrapped(_ width: Int?) -> String {
        guard let width, width > 0, contains(where: { $0.isNewline }) || utf8.count > width else { return self }
        return split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.utf8.count <= width ? String(line) : WrappedLine(line, width).text
        }.joined(separator: "\n")
    }
}

/// One line, broken.
private struct WrappedLine {
    private(set) var text = ""

    private struct Piece {
        var text: String
        var columns: Int
        let isSpace: Bool
    }

    init(_ line: Substring, _ width: Int) {
        let pieces = Self.pieces(of: line)
        let leading = pieces.first { $0.columns > 0 }.map { $0.isSpace ? $0.columns : 0 } ?? 0
        let indent = Self.column(of: pieces, within: width / 3) ?? (leading == 0 ? 2 : min(leading, width / 2))
        var (column, space) = (0, Piece(text: "", columns: 0, isSpace: true))
        for piece in pieces {
            guard !piece.isSpace else {
                space = piece
                continue
            }
            let start = min(indent, max(0, width - piece.columns))
            if column + space.columns + piece.columns > width, column > start, column + space.columns > indent {
                text += "\n" + String(repeating: " ", count: start) + piece.text
                column = start + piece.columns
            } else {
                text += space.text + piece.text
                column += space.columns + piece.columns
            }
            space = Piece(text: "", columns: 0, isSpace: true)
        }
    }

    /// Words and what is between them. Colours take no room, and belong to the word that they stand at.
    private static func pieces(of line: Substring) -> [Piece] {
        var pieces: [Piece] = []
        var isInEscape = false
        for character in line {
            let isEscape = isInEscape || character == "\u{1B}"
            if isEscape { isInEscape = character == "\u{1B}" || character == "[" || !character.isLetter }
            let isSpace = !isEscape && character == " "
            if pieces.last?.isSpace != isSpace { pieces.append(Piece(text: "", columns: 0, isSpace: isSpace)) }
            pieces[pieces.count - 1].text.append(character)
            if !isEscape { pieces[pieces.count - 1].columns += String(character).columns }
        }
        return pieces
    }

    /// Where the last column begins that begins no further right than this.
    private static func column(of pieces: [Piece], within limit: Int) -> Int? {
        var (column, found, isAtStart): (Int, Int?, Bool) = (0, nil, true)
        for (index, piece) in pieces.enumerated() {
            if !piece.isSpace, !isAtStart, index > 0, pieces[index - 1].columns > 1, column <= limit { found = column }
            if !piece.isSpace, piece.columns > 0 { isAtStart = false }
            column += piece.columns
        }
        return found
    }
}

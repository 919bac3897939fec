/// Rows in columns, under a heading.
struct TableText {
    let text: String

    /// What others wrote in a cell is text, whatever it holds. Where the columns of the terminal are not enough, the widest
    /// columns of the table are cut, never the first, which says what a row is about.
    init(_ heading: [String], _ rows: [[String]], style: Style) {
        let cells = [heading] + rows.map { $0.map(\.printable) }
        let wanted = heading.indices.map { column in cells.map { $0[column].columns }.max() ?? 0 }
        let widths = Self.fitted(wanted, to: style.width.map { $0 - 2 * (heading.count - 1) })
        text = cells.enumerated().map { index, row in
            let line = zip(row, widths).map { $0.fitted($1).padded($1) }.joined(separator: "  ")
            let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
            return index == 0 ? style.dim(trimmed) : trimmed
        }.joined(separator: "\n")
    }

    /// Takes from the widest until all fit, and leaves each as much as says something.
    private static func fitted(_ wanted: [Int], to width: Int?) -> [Int] {
        var widths = wanted
        guard let width else { return widths }
        while widths.reduce(0, +) > width,
            let widest = widths.indices.dropFirst().max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
        {
            widths[widest] -= 1
        }
        return widths
    }
}

/// Rows in columns, under a heading.
struct TableText {
    let text: String

    init(_ heading: [String], _ rows: [[String]], style: Style) {
        let cells = [heading] + rows
        let widths = heading.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        text = cells.enumerated().map { index, row in
            let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: "  ")
            let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
            return index == 0 ? style.dim(trimmed) : trimmed
        }.joined(separator: "\n")
    }
}

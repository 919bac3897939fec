import DeploymentModel
import Reconciliation

/// What runs, as a table.
struct StatusText {
    let text: String

    init(_ rows: [StatusRow], style: Style) {
        guard !rows.isEmpty else {
            text = "Nothing is recorded and nothing runs. Start with: pinion reconcile"
            return
        }
        let cells =
            [["PROCESSOR", "STATE", "DIGEST", "COMMIT", "ADDRESS", "SMOKE"]]
            + rows.map { row in
                [
                    row.ref.description, row.state.rawValue, row.digest?.short ?? "-",
                    row.commit.map { String($0.prefix(7)) } ?? "-",
                    row.address ?? "-", row.isTested ? "passed" : "-",
                ]
            }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        text = cells.enumerated().map { index, row in
            let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
            return index == 0 ? style.dim(trimmed) : trimmed
        }.joined(separator: "\n")
    }
}

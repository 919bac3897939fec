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
        let cells = rows.map { row in
            [
                row.ref.description, row.state.rawValue, row.digest?.short ?? "-",
                row.commit.map { String($0.prefix(7)) } ?? "-",
                row.address ?? "-", row.isTested ? "passed" : "-",
            ]
        }
        text = TableText(["PROCESSOR", "STATE", "DIGEST", "COMMIT", "ADDRESS", "SMOKE"], cells, style: style).text
    }
}

import DeploymentModel
import Reconciliation

/// What needs attention, and then what runs, as a table.
struct StatusText {
    let text: String

    /// - Parameters:
    ///   - unseen: why nobody knows what runs; `nil` where it was seen.
    ///   - errors: what is wrong with the registry.
    init(_ rows: [StatusRow], of environment: String, unseen: Failure?, errors: [Diagnostic], style: Style) {
        var lines: [String] = []
        if let unseen {
            lines.append(
                "\(style.red("✗")) what runs in \(environment) is not known: \(unseen.code.rawValue)  \(unseen.message.printable)"
            )
            if let remedy = unseen.remedy { lines.append("    \(remedy)") }
        }
        for error in errors {
            lines.append(
                "\(style.red("✗")) \(error.place): \(error.code.rawValue)  \(error.message.printable)")
        }
        if !errors.isEmpty { lines.append("    What is wrong there is left out of every plan: pinion validate") }
        for row in rows {
            guard let failure = row.failure else { continue }
            lines.append("\(style.red("✗")) \(style.bold(row.ref.description))  \(failure.sentence.printable)")
            lines.append("    See why: pinion why \(row.ref) --env \(environment)")
        }
        for row in rows {
            guard let clause = Self.clause(row.state) else { continue }
            lines.append("\(style.yellow("~")) \(style.bold(row.ref.description))  \(clause) --env \(environment)")
        }
        for row in rows {
            guard let hold = row.hold else { continue }
            lines.append("\(style.yellow("~")) \(style.bold(row.ref.description))  \(hold.sentence.printable)")
            lines.append("    Let it go: pinion hold release \(row.ref) --env \(environment)")
        }
        if !lines.isEmpty { lines.append("") }
        text = (lines + [Self.table(rows, style)]).joined(separator: "\n")
    }

    /// What is wrong with a state, and the command that tells more.
    private static func clause(_ state: StatusRow.State) -> String? {
        switch state {
        case .stopped: "is recorded, and does not run. Bring it up: pinion reconcile"
        case .drifted: "runs otherwise than it should. See: pinion drift"
        case .orphaned: "runs, and no spec asks for it. See: pinion drift"
        case .running, .absent, .unknown: nil
        }
    }

    private static func table(_ rows: [StatusRow], _ style: Style) -> String {
        guard !rows.isEmpty else {
            return "Nothing is wanted, nothing recorded, nothing runs. Begin with: pinion new processor NS/NAME@1"
        }
        let cells = rows.map { row in
            [
                row.ref.description, row.state.rawValue, row.digest?.short ?? "-",
                row.commit.map { String($0.prefix(7)) } ?? "-",
                row.address ?? "-", row.isTested ? "passed" : "-",
            ]
        }
        return TableText(["PROCESSOR", "STATE", "DIGEST", "COMMIT", "ADDRESS", "SMOKE"], cells, style: style).text
    }
}

import DeploymentModel
import Reconciliation
import Records

/// One commit of an environment's records.
struct HistoryEntry: Encodable {
    let commit: String
    /// RFC 3339.
    let time: String
    let author: String
    let run: String?
    let subject: String
    let changes: [RecordDifference]

    init(_ recorded: RecordsCommit) {
        commit = recorded.id
        time = Timestamp(seconds: recorded.time).text
        author = recorded.author
        run = recorded.run
        subject = recorded.subject
        changes = recorded.changes.compactMap { RecordDifference(from: $0.old, to: $0.new) }
    }
}

/// The commits of an environment's records, each with what it changed.
struct HistoryText {
    let text: String

    init(_ entries: [HistoryEntry], style: Style) {
        text = entries.map { entry in
            let run = entry.run.map { "  run \($0.printable)" } ?? ""
            var lines = [
                "\(style.bold(String(entry.commit.prefix(7))))  \(entry.time)  \(entry.author.printable)"
                    + style.dim("\(run)  \(entry.subject.printable)")
            ]
            for change in entry.changes {
                lines.append("  \(change.ref)")
                lines += change.facts.map { "    \(Self.line($0))" }
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func line(_ fact: RecordDifference.Fact) -> String {
        let subject = [fact.kind.rawValue, fact.platform?.description].compactMap(\.self).joined(separator: " ")
        switch fact.kind {
        case .proven, .revoked: return "\(subject)  \(fact.to ?? fact.from ?? "")"
        case .hold: return fact.to.map { "held \($0.printable)" } ?? "held no longer"
        case .adoption: return fact.to.map { "adopted by \($0.printable)" } ?? "adopted no longer: Pinion deployed it"
        default: return "\(subject)  \(short(fact.from)) → \(short(fact.to))"
        }
    }

    /// The start of a hash, as all tables have it.
    private static func short(_ text: String?) -> String {
        guard let text else { return "nothing" }
        if let digest = try? Digest(text) { return digest.short }
        return text.count > 12 ? String(text.prefix(12)) : text
    }
}

/// What two environments have apart.
struct EnvironmentDifferenceText {
    let text: String

    init(_ difference: EnvironmentDifference, style: Style) {
        let (first, second) = (difference.first, difference.second)
        guard !difference.entries.isEmpty else {
            text = "\(style.green("✓")) \(first) and \(second) are the same: \(counted(difference.same, "processor"))"
            return
        }
        let cells = difference.entries.flatMap { entry in
            [(first, entry.first), (second, entry.second)].map { name, side in
                [
                    name == first ? entry.ref.description : "", name, Self.text(side?.desired),
                    Self.text(side?.applied), side.map { String($0.desired.specHash.suffix(64).prefix(12)) } ?? "-",
                    side.map { String($0.desired.commit.prefix(7)) } ?? "-",
                ]
            }
        }
        let table = TableText(
            ["PROCESSOR", "ENVIRONMENT", "WANTS", "RUNS", "SPEC", "COMMIT"], cells, style: style)
        text =
            table.text + "\n\n"
            + counted(difference.entries.count, "processor")
            + (difference.entries.count == 1 ? " differs, " : " differ, ")
            + "\(difference.same) \(difference.same == 1 ? "is" : "are") the same"
    }

    private static func text(_ revision: RefRecord.Revision?) -> String {
        guard let revision else { return "-" }
        let digests = revision.pins.sorted { $0.key < $1.key }.compactMap { $0.value.digest?.short }
        return digests.isEmpty ? "-" : digests.joined(separator: " ")
    }
}

import DeploymentModel

/// One environment of a chain, for people.
struct WhyStageText {
    private(set) var lines: [String] = []

    init(_ stage: WhyStage, style: Style) {
        var name = stage.environment
        func add(_ what: String, _ text: String) {
            let title = style.bold(name) + String(repeating: " ", count: max(1, 10 - name.count))
            lines.append(
                (name.isEmpty ? String(repeating: " ", count: 10) : title) + what
                    + String(repeating: " ", count: max(1, 10 - what.count)) + text)
            name = ""
        }
        if let promotion = stage.promotion {
            let approvals =
                promotion.approvals.isEmpty
                ? "" : "; approved by \(promotion.approvals.joined(separator: ", ").printable)"
            add("promoted", "from \(promotion.from), \(Self.text(of: promotion.record))\(approvals)")
        }
        if let wants = stage.wants {
            let source = stage.branch.map { " of \($0)" } ?? ""
            let recorded = "\(wants.commit.prefix(7))\(source): \(WhyText.pins(wants.pins))"
            if let waiting = stage.waiting {
                add("wants", "\(waiting.prefix(7))\(source), not brought up yet")
                add("recorded", recorded)
            } else {
                add("wants", recorded)
            }
            add(
                "runs",
                stage.runs.map { $0.pins == wants.pins && $0.spec == wants.spec ? "that" : WhyText.pins($0.pins) }
                    ?? "nothing yet")
        } else {
            add("wants", "nothing yet")
        }
        if let deployment = stage.deployment {
            let version = deployment.version.map { " version \($0)" } ?? ""
            let what = deployment.function == nil ? "container" : "app"
            add("deployed", "\(what) \(deployment.name)\(version), \(Self.text(of: deployment.record))")
        }
        for proof in stage.evidence { add("evidence", Self.text(of: proof)) }
        if let hold = stage.hold {
            let reason = hold.reason.map { ": \($0)" } ?? ""
            add(
                "held",
                "by \(hold.by) since \(hold.since)\(reason); it keeps \(WhyText.pins(hold.from.pins)) away".printable)
        }
        if let lease = stage.lease {
            add("leased", "by \(lease.holder) on \(lease.host), run \(lease.run), until \(lease.end)".printable)
        }
        if let next = stage.next {
            let text = next.blocks.isEmpty ? "it may be promoted" : next.blocks.map(\.reason).joined(separator: "; ")
            add("next", "\(next.revision.commit.prefix(7)): \(WhyText.pins(next.revision.pins)); \(text)".printable)
        }
        // The first of them is told at the end.
        if let block = stage.block, stage.wants == nil { add(block.link.rawValue, block.reason.printable) }
    }

    private static func text(of entry: WhyStage.Entry) -> String {
        let run = entry.run.map { ", run \($0)" } ?? ""
        return "\(entry.time) by \(entry.by)\(run) (\(entry.commit.prefix(7)))".printable
    }

    private static func text(of proof: WhyStage.Proof) -> String {
        let facts = [proof.platform?.description, proof.digest.map { "sha256:\($0.short)…" }, proof.time]
        let subject = (["\(proof.adapter)/\(proof.mode)"] + facts.compactMap(\.self)).joined(separator: " ")
        guard !proof.isNeeded else { return "\(subject): \(proof.state.rawValue), asked for by the gate" }
        return "\(subject): passed"
    }
}

import DeploymentModel
import Reconciliation

/// What is promoted, and what not and why.
struct PromotionText {
    let text: String

    init(_ promotion: Promotion, style: Style) {
        var lines = [style.bold("\(promotion.from) → \(promotion.to)")]
        for item in promotion.items {
            let old = item.previous.map { $0.pins[.amd64]?.digest?.short ?? "?" } ?? "nothing"
            let new = item.revision.pins[.amd64]?.digest?.short ?? "?"
            let proofs = item.evidence.map { "\($0.adapter)/\($0.mode)" }.joined(separator: ", ")
            lines.append(
                "  \(style.green("↑")) \(style.bold(item.ref.description))  \(old) → \(new) of \(item.revision.commit.prefix(7))"
                    + style.dim("  evidence \(proofs)"))
        }
        for refusal in promotion.refused {
            lines.append("  \(style.red("✗")) \(style.bold(refusal.ref.description))  refused")
            lines += refusal.failures.map { FailureText($0, style: style, indent: "      ").text }
        }
        if promotion.items.isEmpty, promotion.refused.isEmpty {
            lines.append(
                promotion.unchanged.isEmpty
                    ? "  nothing to promote: \(promotion.from) has brought up nothing yet. Do: pinion reconcile --env \(promotion.from)"
                    : "  nothing to promote: \(promotion.to) wants all that \(promotion.from) runs")
        }
        if !promotion.unchanged.isEmpty { lines.append(style.dim("  = \(promotion.unchanged.count) there already")) }
        text = lines.joined(separator: "\n") + "\n"
    }
}

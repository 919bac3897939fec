import ArgumentParser
import DeploymentModel
import JSON
import Reconciliation

/// The forms that a plan is printed in.
enum PlanFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
    /// A job per processor with something to do, for `strategy.matrix` of GitHub Actions.
    case githubMatrix = "github-matrix"
    case mermaid, dot

    func show(_ plan: Plan) throws(Failure) {
        let text = try text(plan)
        if self == .text { Output.view(text) } else { Output.result(text) }
    }

    private func text(_ plan: Plan) throws(Failure) -> String {
        switch self {
        case .text: PlanText(plan, style: .standardOutput).text
        case .json: try JSONText(plan).text
        case .githubMatrix: Self.matrix(plan)
        case .mermaid: Self.mermaid(plan)
        case .dot: Self.dot(plan)
        }
    }

    private static func matrix(_ plan: Plan) -> String {
        let jobs = plan.items.map { item -> JSONValue in
            [
                "ref": .string(item.ref.description), "slug": .string(item.ref.refSlug),
                "steps": .string(item.steps.map(\.rawValue).joined(separator: ",")),
            ]
        }
        return JSONText(["include": .array(jobs)], isPretty: false).text
    }

    /// The steps of each processor, in the order in which they depend on each other.
    private static func chains(_ plan: Plan) -> [(ref: ProcessorRef, nodes: [(id: String, label: String)])] {
        plan.items.map { item in
            let nodes = item.steps.enumerated().map { index, step in
                (id: "\(item.ref.slug)_v\(item.ref.version)_\(index)", label: step.rawValue)
            }
            return (item.ref, nodes)
        }
    }

    private static func mermaid(_ plan: Plan) -> String {
        var lines = ["flowchart LR"]
        if !plan.secrets.isEmpty { lines.append("  sync[sync \(plan.secrets.map(\.name).joined(separator: ", "))]") }
        for (ref, nodes) in chains(plan) where !nodes.isEmpty {
            lines.append("  subgraph \(ref.slug)_v\(ref.version)[\"\(ref)\"]")
            lines += nodes.map { "    \($0.id)[\($0.label)]" }
            lines += zip(nodes, nodes.dropFirst()).map { "    \($0.id) --> \($1.id)" }
            lines.append("  end")
            if !plan.secrets.isEmpty { lines.append("  sync --> \(nodes[0].id)") }
        }
        return lines.joined(separator: "\n")
    }

    private static func dot(_ plan: Plan) -> String {
        var lines = ["digraph plan {", "  rankdir=LR; node [shape=box];"]
        if !plan.secrets.isEmpty { lines.append("  sync;") }
        for (ref, nodes) in chains(plan) where !nodes.isEmpty {
            lines.append("  subgraph cluster_\(ref.slug)_v\(ref.version) { label=\"\(ref)\";")
            lines += nodes.map { "    \($0.id) [label=\"\($0.label)\"];" }
            lines.append("  }")
            lines += zip(nodes, nodes.dropFirst()).map { "  \($0.id) -> \($1.id);" }
            if !plan.secrets.isEmpty { lines.append("  sync -> \(nodes[0].id);") }
        }
        return (lines + ["}"]).joined(separator: "\n")
    }
}

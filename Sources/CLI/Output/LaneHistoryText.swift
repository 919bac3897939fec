import DeploymentModel
import Records

/// The runs of lanes as a table.
struct LaneHistoryText {
    let text: String

    init(_ results: [LaneResult], style: Style) {
        let cells = results.map { result in
            [
                Timestamp(seconds: result.startedAt).text, result.run, result.lane, result.state,
                String(result.commit.prefix(7)), String(EventLines.seconds(result.seconds).drop { $0 == " " }),
                Self.what(result),
            ]
        }
        text = TableText(["TIME", "RUN", "LANE", "STATE", "COMMIT", "TOOK", "WHAT"], cells, style: style).text
    }

    /// What went wrong first, else what it was about.
    private static func what(_ result: LaneResult) -> String {
        if let step = result.steps.first(where: { $0.state == "failed" || $0.state == "refused" }) {
            let problems = result.problems.map {
                [$0.ref?.description, $0.code].compactMap(\.self).joined(separator: " ")
            }
            return ([step.name + ": " + step.text] + problems.prefix(3)).joined(separator: ", ")
        }
        let count = result.refs.isEmpty ? "" : ", \(counted(result.refs.count, "processor"))"
        return counted(result.steps.count { $0.state == "passed" }, "step") + count
    }
}

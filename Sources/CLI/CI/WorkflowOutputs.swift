import DeploymentModel
import FoundationEssentials
import JSON

/// What later steps of a workflow may need, in the form of GitHub's `GITHUB_OUTPUT` file.
struct WorkflowOutputs {
    /// Lines to be added to the file.
    let text: String

    /// - Parameter folder: where the report's files are; `nil` where there are none.
    init(_ report: CIReport, reports folder: String?, uuid: () -> UUID = { UUID() }) {
        let digests = Dictionary(
            uniqueKeysWithValues: report.digests.map { ref, own in
                (
                    ref.description,
                    JSONValue.object(
                        Dictionary(
                            uniqueKeysWithValues: own.map { ($0.key.rawValue, .string($0.value.description)) }))
                )
            })
        let values: [(String, String)] = [
            ("state", report.state.rawValue), ("commit", report.commit), ("run", report.run ?? ""),
            ("environment", report.environment ?? ""), ("changed", report.refs.isEmpty ? "false" : "true"),
            ("refs", JSONValue.array(report.refs.map { .string($0.description) }).compact),
            ("digests", JSONValue.object(digests).compact), ("reports", folder ?? ""),
        ]
        text = values.map { Self.entry($0, $1, uuid) }.joined()
    }

    /// A value between two lines that nobody can guess, so that nothing in it ends it.
    static func entry(_ name: String, _ value: String, _ uuid: () -> UUID = { UUID() }) -> String {
        var mark: String
        repeat { mark = "pinion_\(uuid().uuidString)" } while value.contains(mark)
        return "\(name)<<\(mark)\n\(value)\n\(mark)\n"
    }
}

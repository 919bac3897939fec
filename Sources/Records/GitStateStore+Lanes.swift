package import DeploymentModel
import Git

/// What came of a run of a lane. Kept on `refs/pinion/lanes/<lane>`, a file per run.
package struct LaneResult: Hashable, Sendable, Codable {
    package struct Step: Hashable, Sendable, Codable {
        package let name: String
        package let options: String?
        /// `passed`, `failed`, `refused` or `skipped`.
        package let state: String
        /// What was done, or why not, as a clause.
        package let text: String
        package let seconds: Double

        package init(name: String, options: String?, state: String, text: String, seconds: Double) {
            self.name = name
            self.options = options
            self.state = state
            self.text = text
            self.seconds = seconds
        }
    }

    package struct Problem: Hashable, Sendable, Codable {
        /// `nil` for what concerns no single processor.
        package let ref: ProcessorRef?
        package let code: String

        package init(ref: ProcessorRef?, code: String) {
            self.ref = ref
            self.code = code
        }
    }

    package static let format = "pinion.lane-result/1"

    package let format: String
    package let lane: String
    package let environment: String
    /// Names it; sortable by time.
    package let run: String
    package let commit: String
    /// The commit that the change begins at; `nil` for a lane that is about all.
    package let base: String?
    /// The one platform that a run on a machine of its own was for.
    package let platform: Platform?
    /// The processors that the change concerns; without a change those that were tested or failed.
    package let refs: [ProcessorRef]
    package let state: String
    package let steps: [Step]
    package let problems: [Problem]
    /// Seconds since 1970.
    package let startedAt: Int
    package let seconds: Double

    package init(
        lane: String, environment: String, run: String, commit: String, base: String?, platform: Platform?,
        refs: [ProcessorRef], state: String, steps: [Step], problems: [Problem], startedAt: Int, seconds: Double
    ) {
        format = Self.format
        self.lane = lane
        self.environment = environment
        self.run = run
        self.commit = commit
        self.base = base
        self.platform = platform
        self.refs = refs
        self.state = state
        self.steps = steps
        self.problems = problems
        self.startedAt = startedAt
        self.seconds = seconds
    }
}

extension GitStateStore {
    /// How many results of a lane are kept.
    package static let keptResults = 200

    private static func reference(ofLane lane: String) -> String { "refs/pinion/lanes/\(lane)" }

    /// Keeps a result, in one commit, and of the others the newest.
    package func keep(_ result: LaneResult) async throws(Failure) {
        try await Self.failing {
            _ = try await retrying(Self.reference(ofLane: result.lane)) { tip in
                let path = "runs/\(result.run).json"
                let others = try await runs(at: tip).map(\.path).filter { $0 != path }
                let old = others.dropLast(Self.keptResults - 1)
                let new = TreeChange.write(path: path, content: try Self.encode(result))
                return ((), [new] + old.map { TreeChange.remove(path: $0) })
            } message: {
                "lane \(result.lane): \(result.state)\n\nPinion-Run: \(result.run)\nPinion-Commit: \(result.commit)\n"
            }
        }
    }

    /// The results of runs, the newest first.
    ///
    /// - Parameters:
    ///   - lane: this one's alone; `nil` for all lanes.
    ///   - limit: how many at most.
    package func results(of lane: String?, limit: Int) async throws(Failure) -> [LaneResult] {
        try await Self.failing {
            let folder = Self.reference(ofLane: "")
            let lanes = try await repository.references(under: String(folder.dropLast()))
            var found: [LaneResult] = []
            for reference in lanes where lane == nil || reference == folder + (lane ?? "") {
                for entry in try await runs(at: repository.target(of: reference)).suffix(limit) {
                    found.append(try await decode(entry))
                }
            }
            return Array(found.sorted { ($0.startedAt, $0.run) > ($1.startedAt, $1.run) }.prefix(limit))
        }
    }

    /// Sorted by time, because ids of runs are.
    private func runs(at tip: ObjectID?) async throws -> [TreeEntry] {
        guard let tip else { return [] }
        return try await repository.files(at: tip, under: "runs").sorted { $0.path < $1.path }
    }
}

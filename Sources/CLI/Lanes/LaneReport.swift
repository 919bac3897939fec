import DeploymentModel
import Reconciliation
import RegistryCatalog

/// What a run of a lane did: every step with what came of it, and every test.
struct LaneReport: Encodable {
    static let format = "pinion.lane/1"

    enum State: String, Encodable { case passed, failed, refused, skipped }

    /// A processor that the lane is about, and why.
    struct Selected: Encodable {
        let ref: ProcessorRef
        let reason: String
    }

    struct Problem: Encodable {
        /// `nil` for what concerns no single processor.
        let ref: ProcessorRef?
        /// The file that it is shown at, and where in it, counted from 1.
        var file: String
        var line: Int?
        var column: Int?
        let failure: Failure
    }

    struct Step: Encodable {
        let name: LaneStep.Kind
        let options: String?
        var state: State
        /// What was done, or why not, as a clause.
        var text: String
        /// Seconds.
        var seconds: Double = 0
        var problems: [Problem] = []
        var diagnostics: [Diagnostic] = []

        init(_ step: LaneStep, _ state: State, _ text: String) {
            name = step.kind
            options = step.options
            self.state = state
            self.text = text
        }
    }

    struct Test: Encodable {
        let ref: ProcessorRef
        /// `smoke` or `probe`.
        let name: LaneStep.Kind
        let adapter: LaneStep.SmokePlace
        let seconds: Double
        let failure: Failure?
    }

    let format = Self.format
    let lane: String
    let environment: String
    let commit: String
    /// The commit that the change begins at.
    let base: String?
    /// The run that it was, as the records name it.
    var run = RunID.new()
    /// Seconds since 1970.
    let startedAt = Session.now()
    var seconds: Double = 0
    /// `nil` for a lane that is about all.
    var selected: [Selected]?
    /// How many files the change touches.
    var changedFiles: Int?
    var steps: [Step] = []
    var tests: [Test] = []
    /// The processors of which something was built, pinned, deployed or recorded.
    var changed: [ProcessorRef] = []
    /// What is recorded of the lane's processors at its end; none in a lane that records nothing.
    var digests: [ProcessorRef: [Platform: Digest]] = [:]
    var state = State.passed

    /// Ends the report: it is as good as its steps.
    mutating func close() {
        let states = steps.map(\.state)
        state = states.contains(.failed) ? .failed : states.contains(.refused) ? .refused : .passed
    }

    /// What failed, each once.
    var problems: [Problem] { steps.flatMap(\.problems) }

    /// Each test as CI systems read them.
    var junit: String {
        let cases = tests.map { test in
            JUnitText.Case(
                group: test.ref.description, name: "\(test.name.rawValue) (\(test.adapter.rawValue))",
                seconds: test.seconds,
                outcome: test.failure.map {
                    .failed([$0.description, $0.detail].compactMap(\.self).joined(separator: "\n"))
                }
                    ?? .passed)
        }
        return JUnitText("lane \(lane)", cases).text
    }
}

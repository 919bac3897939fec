package import DeploymentModel

/// Something that happened in a run: an append-only fact, from which every report is made.
package struct RunEvent: Hashable, Sendable, Codable {
    /// The steps of a run.
    package enum Step: String, Hashable, Sendable, Codable, CaseIterable {
        case build, push, pull, pin, sync, smoke, probe, deploy, rollover, remove, record
    }

    package enum Kind: Hashable, Sendable, Codable {
        case started
        /// A line of another program's output, or a token of a processor.
        case log(String)
        /// Something odd that need not be wrong.
        case warning(String)
        case finished(String)
        case failed(Failure)
        /// These steps are not done, because this one failed.
        case skipped([Step])
        /// These steps are not done, or not to their end, because somebody interrupted the run.
        case interrupted([Step])
    }

    /// `nil` for what concerns the run as a whole.
    package let ref: ProcessorRef?
    package let step: Step
    package let platform: Platform?
    package let kind: Kind
    /// Seconds since the run began.
    package let time: Double
}

package import DeploymentModel

/// Which rules of the protocol a processor keeps.
package struct ConformanceReport: Hashable, Sendable, Codable {
    package enum Status: String, Hashable, Sendable, Codable { case passed, failed, skipped }

    /// One rule.
    package struct Entry: Hashable, Sendable, Codable {
        /// A short name that stays: `health`, `mode-unknown`.
        package let rule: String
        /// What the processor has to do.
        package let title: String
        package let status: Status
        /// What was seen instead, or why the rule was left out.
        package let detail: String?
        /// How long the check took.
        package let seconds: Double
    }

    package let ref: ProcessorRef
    package let adapter: String
    package let image: String
    package let platform: Platform
    package let entries: [Entry]

    package var hasFailures: Bool { entries.contains { $0.status == .failed } }
}

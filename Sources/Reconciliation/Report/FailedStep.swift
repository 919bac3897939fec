package import DeploymentModel

/// Where the last try to bring a processor up ended, as the journals of this host tell.
package struct FailedStep: Hashable, Sendable, Codable {
    package let run: String
    /// When the run began, in seconds since 1970; `nil` when its name does not tell.
    package let began: Int?
    /// `build`, `deploy`, …
    package let step: String
    package let platform: Platform?
    /// Code and sentence; `nil` when the run was cut off in the midst of the step.
    package let failure: String?

    package init(run: String, began: Int?, step: String, platform: Platform?, failure: String?) {
        self.run = run
        self.began = began
        self.step = step
        self.platform = platform
        self.failure = failure
    }
}

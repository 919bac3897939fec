package import DeploymentModel

/// Whether a run may touch the outside world. It is part of the payload and never inferred from the environment.
package enum RunMode: String, Hashable, Sendable, Codable {
    /// Without secrets and without the outside world.
    case mock
    case real

    /// - Throws: `Failure` with `ERR_MODE_INVALID` for any other text.
    package init(_ text: String) throws(Failure) {
        guard let mode = RunMode(rawValue: text) else {
            throw Failure(.modeInvalid, "the mode is '\(text)'", remedy: "Use mock or real.")
        }
        self = mode
    }

    /// Refuses real runs in CI, where nobody watches what they cost.
    ///
    /// - Parameters:
    ///   - isCI: whether `CI` is set.
    ///   - lane: the lane that runs, if one does.
    ///   - laneAllowsReal: what the lane file says in `allow_real`.
    /// - Throws: `Failure` with `ERR_CI_SAFETY`.
    package func check(isCI: Bool, lane: String?, laneAllowsReal: Bool) throws(Failure) {
        guard self == .real, isCI || lane == "pr", !laneAllowsReal else { return }
        throw Failure(
            .ciSafety, lane == "pr" ? "the lane pr makes no real runs" : "a real run was asked for in CI",
            remedy: "Use mode mock, or say 'allow_real: true' in the lane file.")
    }
}

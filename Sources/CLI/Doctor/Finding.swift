/// What one check found.
struct Finding: Encodable, Hashable, Sendable {
    enum State: String, Encodable, Sendable {
        case ok
        /// Something is missing that not everybody needs.
        case warning
        case error
    }

    /// What was looked at, in a word or two.
    let check: String
    let state: State
    let finding: String
    /// The one thing that mends it, a command where there is one.
    let remedy: String?

    static func ok(_ check: String, _ finding: String) -> Finding {
        Finding(check: check, state: .ok, finding: finding, remedy: nil)
    }

    static func warning(_ check: String, _ finding: String, _ remedy: String?) -> Finding {
        Finding(check: check, state: .warning, finding: finding, remedy: remedy)
    }

    static func error(_ check: String, _ finding: String, _ remedy: String?) -> Finding {
        Finding(check: check, state: .error, finding: finding, remedy: remedy)
    }
}

/// All that was found, as the document of `--json`.
struct DoctorReport: Encodable, Sendable {
    enum CodingKeys: String, CodingKey {
        case schemaVersion = "schema_version"
        case environment, target, findings
    }

    let schemaVersion = 1
    /// `nil` where the registry could not be read that describes it.
    let environment: String?
    /// `docker` or `modal`.
    let target: String?
    let findings: [Finding]

    var hasErrors: Bool { findings.contains { $0.state == .error } }
}

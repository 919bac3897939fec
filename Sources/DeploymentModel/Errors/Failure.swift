/// An operation that failed: a code that decides, a sentence for people, and what there is to see.
///
/// No secret is ever part of one.
package struct Failure: Error, Hashable, Sendable, Codable {
    /// What a failure of whatever code comes from, where that decides what scripts do about it.
    package enum Cause: String, Hashable, Sendable, Codable {
        /// A git remote, an OCI registry or Modal wants a log-in, and there is none, or it is refused.
        case credentials
    }

    package let code: ErrorCode
    package let cause: Cause?
    /// One sentence: what failed on what.
    package let message: String
    /// What to do about it, as a sentence, ideally with a command.
    package let remedy: String?
    /// The end of a log or another tool's own words, many lines perhaps.
    package let detail: String?
    /// Where in its Dockerfile a build failed; `nil` where no builder told.
    package let dockerfile: DockerfileSpot?

    package init(
        _ code: ErrorCode, _ message: String, remedy: String? = nil, detail: String? = nil, cause: Cause? = nil,
        dockerfile: DockerfileSpot? = nil
    ) {
        self.code = code
        self.cause = cause
        self.message = message
        self.remedy = remedy
        self.detail = detail
        self.dockerfile = dockerfile
    }
}

/// A place in a Dockerfile, as far as a builder told of it.
package struct DockerfileSpot: Hashable, Sendable, Codable {
    /// From 1.
    package let line: Int?
    /// The instruction, in the builder's words: `RUN make`.
    package let instruction: String?

    package init(line: Int?, instruction: String?) {
        self.line = line
        self.instruction = instruction
    }
}

extension Failure: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}

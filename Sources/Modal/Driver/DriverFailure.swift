import DeploymentModel
import JSON

/// An answer of the driver that is no success, or the lack of one.
struct DriverFailure: Error {
    let failure: Failure
    /// Whether the same request may succeed when it is sent again.
    let isWorthRetry: Bool

    init(_ failure: Failure, isWorthRetry: Bool = false) {
        self.failure = failure
        self.isWorthRetry = isWorthRetry
    }

    /// From the `error` of an answer. Its codes are those of `ErrorCode`; one that is unknown is `ERR_MODAL`.
    init(_ error: JSONValue, struck: StruckValues) {
        let code = error["code"]?.stringValue.flatMap(ErrorCode.init) ?? .modal
        let message = struck.strike(error["message"]?.stringValue ?? "Modal gave no reason")
        let cause = error["cause"]?.stringValue.flatMap(Failure.Cause.init)
        self.init(Failure(code, message, cause: cause), isWorthRetry: error["retry"]?.boolValue ?? false)
    }

    static let cancelled = DriverFailure(Failure(.timeout, "the request to Modal was cancelled"))
}

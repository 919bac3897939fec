import DeploymentModel
import Synchronization

/// A platform that tells of its functions what it was told to tell: one answer a look-up, the last one for ever.
final class ScriptedPlatform: FunctionPlatform {
    typealias Answer = Result<FunctionEndpoint, Failure>

    private let answers: Mutex<[Answer]>
    /// The names that were looked up.
    let lookups = Mutex<[FunctionName]>([])

    init(_ answers: [Answer]) {
        self.answers = Mutex(answers)
    }

    func lookup(_ name: FunctionName) async throws(Failure) -> FunctionEndpoint {
        lookups.withLock { $0.append(name) }
        return try answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
    }

    private static let unasked = Failure(.modal, "the test does not ask for this")

    func audit(_ apps: [String]?) async throws(Failure) -> FunctionAudit { throw Self.unasked }
    func deploy(_ function: FunctionSpec, isForced: Bool) async throws(Failure) -> DeployedFunction {
        throw Self.unasked
    }
    func stop(_ app: String) async throws(Failure) -> Bool { throw Self.unasked }
    func rollover(_ app: String) async throws(Failure) -> Int { throw Self.unasked }
    func syncSecrets(
        _ secrets: [SecretValue], isCheck: Bool
    ) async throws(Failure) -> [String: SecretChange] { throw Self.unasked }
}

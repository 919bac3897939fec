import DeploymentModel
import JSON

/// Takes the values of secrets out of what a processor or tool says, in case that it says one.
struct SecretFilter: Sendable {
    /// A shorter value would be found where it is not meant.
    private static let least = 4

    private let secrets: [(name: String, value: String)]

    init(_ values: [String: String]) {
        secrets = values.filter { $0.value.utf8.count >= Self.least }
            .sorted { ($1.value.utf8.count, $0.key) < ($0.value.utf8.count, $1.key) }
            .map { ($0.key, $0.value) }
    }

    func callAsFunction(_ text: String) -> String {
        secrets.reduce(text) { text, secret in text.replacing(secret.value, with: "[\(secret.name)]") }
    }

    func callAsFunction(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return .string(self(text))
        case .array(let elements): return .array(elements.map { self($0) })
        case .object(let members):
            return .object(
                Dictionary(members.map { (self($0.key), self($0.value)) }, uniquingKeysWith: { first, _ in first }))
        default: return value
        }
    }
}

extension SecretFilter {
    func callAsFunction(_ event: ProcessorEvent) -> ProcessorEvent {
        switch event {
        case .token(let text): .token(self(text))
        case .log(let text): .log(self(text))
        case .event(let phase, let content): .event(phase: self(phase), content: self(content))
        case .other(let kind, let content): .other(kind: self(kind), content: self(content))
        }
    }

    func callAsFunction(_ failure: Failure) -> Failure {
        Failure(
            failure.code, self(failure.message), remedy: failure.remedy.map { self($0) },
            detail: failure.detail.map { self($0) })
    }

    /// - Throws: `Failure` with `ERR_BAD_RESPONSE` for an output that is named after a secret: its name can't be changed.
    func callAsFunction(_ answer: RunAnswer) throws(Failure) -> RunAnswer {
        let envelope = answer.checked.envelope
        for output in envelope.outputs where self(output.path.text) != output.path.text {
            throw .badEnvelope("the name of an output holds the value of a secret: \(self(output.path.text))")
        }
        let outcome =
            switch envelope.outcome {
            case .error(let code, let message): Envelope.Outcome.error(code: self(code), message: self(message))
            case .success(let outputs, let indexPath):
                Envelope.Outcome.success(outputs: outputs.map { self($0) }, indexPath: indexPath)
            }
        let filtered = Envelope(
            executionID: envelope.executionID, outcome: outcome, meta: self(.object(envelope.meta)).objectValue ?? [:])
        return RunAnswer(
            CheckedEnvelope(envelope: filtered, warnings: answer.checked.warnings.map { self($0) }),
            received: answer.received, usage: answer.usage.map { self($0) }, log: answer.log.map { self($0) },
            claimsSuffice: answer.claimsSuffice)
    }

    private func callAsFunction(_ output: Envelope.Output) -> Envelope.Output {
        Envelope.Output(
            path: output.path, contentID: output.contentID, sizeBytes: output.sizeBytes,
            mime: output.mime.map { self($0) })
    }
}

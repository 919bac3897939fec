import DeploymentModel
import JSON

/// One run in the frames of `theory.run.v1`, seen from the client: what to send first, what each message means.
struct RunConversation {
    /// What a received message comes to.
    enum Step: Hashable {
        case acknowledged
        case event(ProcessorEvent)
        /// The run's envelope; nothing follows.
        case result(JSONValue)
    }

    private let payload: RunPayload
    private let dialect: RunDialect
    private var isAcknowledged = false

    init(_ payload: RunPayload, dialect: RunDialect) {
        self.payload = payload
        self.dialect = dialect
    }

    /// The first message.
    var opening: String {
        let id = JSONValue.string(payload.executionID.description)
        let frame: JSONValue =
            switch dialect {
            case .run:
                [
                    "kind": "RunOpen",
                    "content": ["role": "client", "execution_id": id, "start": true, "payload": payload.json],
                ]
            case .request:
                [
                    "kind": "Request",
                    "content": [
                        "control": [
                            "run_id": id, "mode": .string(payload.mode),
                            "write_prefix": .string(payload.writePrefix.text),
                        ],
                        "inputs": payload.inputs,
                        "outputs": .object((payload.putURLs ?? [:]).mapValues { .string($0) }),
                    ],
                ]
            }
        return frame.compact
    }

    /// - Throws: `Failure` with `ERR_WS_PROTOCOL`.
    mutating func take(_ message: String) throws(Failure) -> Step {
        if isAcknowledged, let text = PlainToken.text(in: message) { return .event(.token(text)) }
        return try takeAny(message)
    }

    /// Reads a message of any kind and spelling.
    mutating func takeAny(_ message: String) throws(Failure) -> Step {
        let frame: JSONValue
        do throws(JSONError) {
            frame = try JSONValue(parsing: message)
        } catch {
            throw Self.violation("a frame is no JSON: \(error)")
        }
        guard let kind = frame["kind"]?.stringValue, let content = frame["content"], content.objectValue != nil else {
            throw Self.violation("a frame is not {\"kind\":…,\"content\":{…}}")
        }
        if let id = content["execution_id"] ?? content["control"]?["run_id"], !isOurs(id, in: kind) {
            throw Self.violation("a frame of kind \(Self.short(kind)) names another execution")
        }
        guard isAcknowledged else {
            guard kind == "Ack", content["execution_id"] ?? content["control"]?["run_id"] != nil else {
                throw Self.violation("the first frame is \(Self.short(kind)), not an Ack of the execution")
            }
            isAcknowledged = true
            return .acknowledged
        }
        return try step(kind, content)
    }

    private func step(_ kind: String, _ content: JSONValue) throws(Failure) -> Step {
        switch kind {
        case "Ack": throw Self.violation("the execution was acknowledged twice")
        case "Token":
            guard let text = content["text"]?.stringValue else { throw Self.violation("a Token has no text") }
            return .event(.token(text))
        case "Log":
            guard let text = content["msg"]?.stringValue else { throw Self.violation("a Log has no msg") }
            return .event(.log(text))
        case "Event":
            guard let phase = content["phase"]?.stringValue else { throw Self.violation("an Event has no phase") }
            return .event(.event(phase: phase, content: content))
        case "RunResult" where dialect == .run: return .result(content)
        case "Response" where dialect == .request: return try response(content)
        default: return .event(.other(kind: Self.short(kind), content: content))
        }
    }

    /// A response as an envelope; one that isn't final is an event.
    private func response(_ content: JSONValue) throws(Failure) -> Step {
        guard let status = content["control"]?["status"]?.stringValue else {
            throw Self.violation("a Response has no control.status")
        }
        guard content["control"]?["final"]?.boolValue ?? true else {
            return .event(.other(kind: "Response", content: content))
        }
        var envelope: [String: JSONValue] = [
            "status": .string(status),
            "execution_id": .string(payload.executionID.description),
        ]
        for name in ["outputs", "index_path", "error", "meta"] { envelope[name] = content[name] }
        if status == "success", envelope["index_path"] == nil {
            envelope["index_path"] = .string(payload.writePrefix.index)
        }
        return .result(.object(envelope))
    }

    /// An error result may name no execution, as a processor that could not read the request knows none.
    private func isOurs(_ id: JSONValue, in kind: String) -> Bool {
        id == .string(payload.executionID.description) || (kind == "RunResult" && (id == "" || id.isNull))
    }

    private static func violation(_ complaint: String) -> Failure {
        Failure(.wsProtocol, "the processor broke theory.run.v1: \(complaint)")
    }

    private static func short(_ kind: String) -> String { "\(kind.prefix(32))" }
}

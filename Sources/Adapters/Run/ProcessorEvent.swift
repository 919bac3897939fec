package import JSON

/// What a processor tells while it runs.
package enum ProcessorEvent: Hashable, Sendable {
    /// A piece of generated text.
    case token(String)
    case log(String)
    /// A step of the run; the content is all that came, the phase included.
    case event(phase: String, content: JSONValue)
    /// Anything else, by the name that it came under: `Frame`, `progress`, and what newer processors may add.
    case other(kind: String, content: JSONValue)

    /// The event as a line for people; tokens are pieces of one.
    package var text: String {
        switch self {
        case .token(let text), .log(let text): text
        case .event(let phase, _): phase
        case .other(let kind, let content): "\(kind) \(content.compact)"
        }
    }
}

extension ProcessorEvent {
    /// The event as the frame that it came in: `{"kind":…,"content":{…}}`.
    package var json: JSONValue {
        switch self {
        case .token(let text): ["kind": "Token", "content": ["text": .string(text)]]
        case .log(let text): ["kind": "Log", "content": ["msg": .string(text)]]
        case .event(_, let content): ["kind": "Event", "content": content]
        case .other(let kind, let content): ["kind": .string(kind), "content": content]
        }
    }
}

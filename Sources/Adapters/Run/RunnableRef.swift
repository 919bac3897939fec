package import DeploymentModel

/// What can be run: a processor (`llm/litellm@1`) or a tool (`text.llm@1`).
package enum RunnableRef: Hashable, Sendable {
    case processor(ProcessorRef)
    case tool(SpecID)

    /// - Throws: `GrammarError` for a text that is neither; only a processor's ref has a slash.
    package init(_ text: String) throws(GrammarError) {
        self = text.contains("/") ? .processor(try ProcessorRef(text)) : .tool(try SpecID(text))
    }

    /// The ref as it is in names of containers and folders: `llm-litellm-v1`, `text-llm-v1`.
    package var slug: String {
        switch self {
        case .processor(let ref): ref.refSlug
        case .tool(let id): String(id.name.map { $0.isLetter || $0.isNumber ? $0 : "-" }) + "-v\(id.version)"
        }
    }
}

extension RunnableRef: CustomStringConvertible {
    package var description: String {
        switch self {
        case .processor(let ref): ref.description
        case .tool(let id): id.description
        }
    }
}

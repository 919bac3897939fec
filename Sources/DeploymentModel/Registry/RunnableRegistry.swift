package import JSON

/// The registry as a run sees it: the parameter `registry_snapshot` of the adapters' API, with every spec parsed.
package struct RunnableRegistry: Hashable, Sendable {
    /// `sha256:…` over the whole registry (contract "Snapshot").
    package let snapshotID: String
    package let processors: [ProcessorRef: Processor]
    package let tools: [SpecID: Tool]
    /// The JSON Schemas that specs name by id.
    package let schemas: [SpecID: JSONValue]
    package let policy: Policy

    package init(
        snapshotID: String, processors: [ProcessorRef: Processor] = [:], tools: [SpecID: Tool] = [:],
        schemas: [SpecID: JSONValue] = [:], policy: Policy = .none
    ) {
        self.snapshotID = snapshotID
        self.processors = processors
        self.tools = tools
        self.schemas = schemas
        self.policy = policy
    }
}

extension RunnableRegistry {
    /// The document that a reference of a spec's schema leads to.
    package func schema(at uri: String) -> JSONValue? {
        SchemaReference.id(in: uri).flatMap { try? SpecID($0) }.flatMap { schemas[$0] }
    }
}

extension RunnableRegistry {
    /// The same registry with this tool in place of the one of its id.
    package func replacing(_ tool: Tool) -> RunnableRegistry {
        var tools = self.tools
        tools[tool.id] = tool
        return RunnableRegistry(
            snapshotID: snapshotID, processors: processors, tools: tools, schemas: schemas, policy: policy)
    }

    /// The same registry with this processor in place of the one of its ref.
    package func replacing(_ processor: Processor) -> RunnableRegistry {
        var processors = self.processors
        processors[processor.ref] = processor
        return RunnableRegistry(
            snapshotID: snapshotID, processors: processors, tools: tools, schemas: schemas, policy: policy)
    }
}

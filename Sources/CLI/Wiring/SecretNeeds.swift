import DeploymentModel

/// The secrets that processors ask for, and who asks.
struct SecretNeeds {
    /// The refs by name.
    let required: [String: [ProcessorRef]]
    let optional: [String: [ProcessorRef]]

    init(of processors: [Processor]) {
        var (required, optional): ([String: [ProcessorRef]], [String: [ProcessorRef]]) = ([:], [:])
        for processor in processors {
            for name in processor.secrets.required { required[name, default: []].append(processor.ref) }
            for name in processor.secrets.optional { optional[name, default: []].append(processor.ref) }
        }
        self.required = required
        self.optional = optional
    }

    /// Sorted.
    var names: [String] { Set(required.keys).union(optional.keys).sorted() }

    /// The required secrets that are neither given nor there already. Sorted.
    func missing(given: [SecretValue], there: Set<String>) -> [String] {
        required.keys.filter { name in !there.contains(name) && !given.contains { $0.name == name } }.sorted()
    }

    /// That they are missing, as a failure; `nil` when none is.
    func failure(missing names: [String], in environment: String) -> Failure? {
        guard !names.isEmpty else { return nil }
        return Failure(
            .missingSecret,
            "\(names.joined(separator: ", ")) \(names.count == 1 ? "has" : "have") no value here, and '\(environment)' has none",
            remedy:
                "Set \(names.count == 1 ? "it" : "them") in the environment, or use --secrets-file or --from-command.")
    }

    /// The secrets to be synced: those that the source has values of, and the one that images are pulled with where it has
    /// both of its keys.
    func values(from source: SecretSourceOptions) async throws(Failure) -> [SecretValue] {
        let keys = FunctionSpec.registryAuthKeys
        // A command is asked for each name by itself, and knows nothing of these.
        let values = try await source.values(of: names + (source.isAskedByName ? [] : keys))
        var secrets = names.compactMap { name in values[name].map { SecretValue(name, [name: $0]) } }
        let login = values.filter { keys.contains($0.key) }
        if login.count == keys.count { secrets.append(SecretValue(FunctionSpec.registryAuth, login)) }
        return secrets
    }
}

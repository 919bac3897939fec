import DeploymentModel

/// Holds a deployed app against what its spec asks for (contract "Modal"). Pure.
struct FunctionComparison {
    private let processor: Processor
    private let name: FunctionName
    private let image: ImageReference
    private let secrets: [String]
    private let app: ObservedApp?
    private let recorded: RefRecord.Binding?

    /// - Parameters:
    ///   - image: the digest that is pinned.
    ///   - secrets: those that are to be mounted, sorted.
    ///   - app: `nil` when it is not deployed.
    ///   - recorded: what the environment's record says of it.
    init(
        _ processor: Processor, name: FunctionName, image: ImageReference, secrets: [String], app: ObservedApp?,
        recorded: RefRecord.Binding?
    ) {
        self.processor = processor
        self.recorded = recorded
        self.name = name
        self.image = image
        self.secrets = secrets
        self.app = app
    }

    /// Everything that is different.
    func findings() -> [DriftFinding] {
        guard let app else {
            return [finding(.missing, name.function, "not deployed")]
        }
        var found: [DriftFinding] = []
        func compare(_ kind: DriftFinding.Kind, _ expected: String, _ actual: String) {
            if expected != actual { found.append(finding(kind, expected, actual)) }
        }
        compare(
            .version, recorded?.version.map { "version \($0)" } ?? "no version, says the record",
            "version \(app.version)")
        compare(
            .staleSecret, "new containers", app.staleSecrets.isEmpty ? "new containers" : Self.list(app.staleSecrets))
        compare(.manager, FunctionSpec.manager, app.tags["managed-by"] ?? "nobody of Pinion's")
        compare(.digest, image.digest?.description ?? "", app.digest?.description ?? "no digest in its tags")
        compare(.spec, FunctionSpec.tag(of: processor.specHash), app.tags["spec"] ?? "no spec in its tags")
        compare(.functions, name.function, app.functions.map(\.name).sorted().joined(separator: ", "))
        guard let function = app.functions.first(where: { $0.name == name.function }) else { return found }
        compare(.image, function.boundImageID ?? "an image id that is bound to the digest", function.imageID)
        compare(.resources, Self.text(processor.runtime), Self.text(function))
        compare(.scaling, text(processor.runtime.scaling), text(function.scaling))
        compare(.secrets, Self.list(secrets), Self.list(function.secrets.sorted()))
        compare(.access, Self.access(!processor.runtime.isPublic), Self.access(function.requiresProxyAuth))
        return found
    }

    private func finding(_ kind: DriftFinding.Kind, _ expected: String, _ actual: String) -> DriftFinding {
        DriftFinding(
            ref: processor.ref, app: name.app, kind: kind, expected: expected, actual: actual,
            since: app?.deployedAt, by: app?.deployedBy)
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }

    private static func access(_ isPrivate: Bool?) -> String {
        switch isPrivate {
        case true?: "proxy keys"
        case false?: "public"
        case nil: "no endpoint"
        }
    }

    private static func text(_ limits: RuntimeLimits) -> String {
        // Modal keeps whole thousandths of a core, and drops the rest.
        text(
            cpu: Double(Int(limits.cpu * 1000)) / 1000, memoryMB: limits.memoryMB, gpu: limits.gpu.map { [$0] } ?? [],
            seconds: limits.timeoutSeconds)
    }

    private static func text(_ function: ObservedFunction) -> String {
        text(
            cpu: function.cpu, memoryMB: function.memoryMB, gpu: function.gpu, seconds: function.timeoutSeconds)
    }

    private static func text(cpu: Double?, memoryMB: Int?, gpu: [String], seconds: Int?) -> String {
        // Modal writes types in capitals, and leaves the count of one out.
        let gpu = gpu.map { type in
            let name = type.uppercased()
            return name.hasSuffix(":1") ? String(name.dropLast(2)) : name
        }
        func number(_ value: Int?) -> String { value.map(String.init) ?? "?" }
        let cores = cpu.map { $0 == $0.rounded() ? String(Int($0)) : String($0) } ?? "?"
        return "\(cores) cpu, \(number(memoryMB)) MiB, gpu \(list(gpu)), \(number(seconds)) s"
    }

    /// What neither asks for is not told; Modal says 0 where it has no minimum.
    private func text(_ limits: ScalingLimits) -> String {
        let wanted = processor.runtime.scaling
        func part(_ name: String, _ value: Int?, _ wanted: Int?, standard: Set<Int>) -> String? {
            guard let value, wanted != nil || !standard.contains(value) else { return nil }
            return "\(name) \(value)"
        }
        let parts = [
            part("min", limits.minContainers, wanted.minContainers, standard: [0]),
            part("max", limits.maxContainers, wanted.maxContainers, standard: [0]),
            part("buffer", limits.bufferContainers, wanted.bufferContainers, standard: [0]),
            part("scaledown", limits.scaledownSeconds, wanted.scaledownSeconds, standard: [0, 60]),
            part("inputs", limits.maxInputs, wanted.maxInputs, standard: [0, 1]),
        ].compactMap(\.self)
        return parts.isEmpty ? "Modal's choice" : parts.joined(separator: ", ")
    }
}

import DeploymentModel
import YAML

extension ProcessorSpecReader {
    /// Reads `runtime`; what it leaves out may stand in `adapter.modal` of an older file.
    mutating func runtime(_ root: inout Fields) -> RuntimeLimits {
        var limits = Limits()
        if var adapter = root.fields("adapter", &findings) {
            if var modal = adapter.fields("modal", &findings) {
                read(&modal, &limits)
                // Older files say with either of these how many runs a container takes at the same time.
                for name in ["concurrency", "allow_concurrent_inputs"] {
                    guard let count = modal.integer(name, in: 1...1000, &findings) else { continue }
                    limits.scaling.maxInputs = limits.scaling.maxInputs ?? count
                }
                modal.ignore("secrets", "function", "app", "region")
                modal.reportUnknown(&findings)
            }
            adapter.ignore("local")
            adapter.reportUnknown(&findings)
        }
        if var runtime = root.fields("runtime", &findings) {
            read(&runtime, &limits)
            runtime.reportUnknown(&findings)
        }
        return RuntimeLimits(
            cpu: limits.cpu ?? 1, memoryBytes: limits.memoryBytes ?? 1 << 30,
            timeoutSeconds: limits.timeoutSeconds ?? 600, gpu: limits.gpu ?? nil, scaling: limits.scaling,
            isPublic: limits.isPublic ?? false)
    }

    private struct Limits {
        var cpu: Double?
        var memoryBytes: Int?
        var timeoutSeconds: Int?
        var gpu: String??
        var scaling = ScalingLimits()
        var isPublic: Bool?
    }

    private mutating func read(_ fields: inout Fields, _ limits: inout Limits) {
        if let cpu = fields.number("cpu", &findings) {
            limits.cpu = cpu
            if !(cpu > 0 && cpu <= 4096) { outOfRange("cpu", &fields) }
        }
        if let memory = fields.number("memory_gb", &findings) {
            if memory > 0, memory <= 4096 {
                limits.memoryBytes = Int(memory * Double(1 << 30))
            } else {
                outOfRange("memory_gb", &fields)
            }
        }
        if let bytes = memory(&fields) { limits.memoryBytes = limits.memoryBytes ?? bytes }
        if let seconds = fields.integer("timeout_s", in: 1...86_400, &findings) { limits.timeoutSeconds = seconds }
        if let seconds = timeout(&fields) { limits.timeoutSeconds = limits.timeoutSeconds ?? seconds }
        if let flag = fields.bool("public", &findings) { limits.isPublic = flag }
        if var scaling = fields.fields("scaling", &findings) {
            limits.scaling = self.scaling(&scaling, or: limits.scaling)
            scaling.reportUnknown(&findings)
        }
        switch fields.take("gpu")?.value {
        case .string(let type): limits.gpu = .some(type.lowercased() == "none" ? nil : type)
        case .bool(false), .null: limits.gpu = .some(nil)
        case nil: break
        default:
            findings.add(
                .error, "'\(fields.qualified("gpu"))' should name a type", at: fields.take("gpu"),
                fix: "for example gpu: T4, or gpu: null for none")
        }
    }

    private mutating func scaling(_ fields: inout Fields, or standard: ScalingLimits) -> ScalingLimits {
        let scaling = ScalingLimits(
            minContainers: fields.integer("min_containers", in: 0...10_000, &findings) ?? standard.minContainers,
            maxContainers: fields.integer("max_containers", in: 1...10_000, &findings) ?? standard.maxContainers,
            bufferContainers: fields.integer("buffer_containers", in: 0...10_000, &findings)
                ?? standard.bufferContainers,
            scaledownSeconds: fields.integer("scaledown_s", in: 2...3600, &findings) ?? standard.scaledownSeconds,
            maxInputs: fields.integer("max_inputs", in: 1...1000, &findings) ?? standard.maxInputs)
        if let least = scaling.minContainers, let most = scaling.maxContainers, least > most {
            findings.add(
                .error, "'\(fields.qualified("min_containers"))' is more than max_containers",
                at: fields.take("min_containers"))
        }
        return scaling
    }

    private mutating func outOfRange(_ name: String, _ fields: inout Fields) {
        findings.add(
            .error, "'\(fields.qualified(name))' should be above 0 and at most 4096", at: fields.take(name))
    }

    /// The older `memory`: megabytes, or a size with its unit (`2Gi`, `512M`).
    private mutating func memory(_ fields: inout Fields) -> Int? {
        guard let (text, node) = fields.text("memory", &findings) else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Int] = [
            "": 1 << 20, "M": 1_000_000, "MB": 1_000_000, "Mi": 1 << 20, "MiB": 1 << 20, "G": 1_000_000_000,
            "GB": 1_000_000_000, "Gi": 1 << 30, "GiB": 1 << 30,
        ]
        guard let number = Int(digits), number > 0, number < 1 << 32,
            let unit = units[String(text.dropFirst(digits.count))]
        else {
            findings.add(
                .error, "'\(fields.qualified("memory"))' is '\(text)', it should be megabytes or a size like 2Gi",
                at: node)
            return nil
        }
        return number * unit
    }

    /// The older `timeout`: seconds, or a duration with its unit (`90s`, `10m`, `1h`).
    private mutating func timeout(_ fields: inout Fields) -> Int? {
        guard let (text, node) = fields.text("timeout", &findings) else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "s": 1, "m": 60, "h": 3600]
        guard let number = Int(digits), number > 0, number <= 86_400,
            let unit = units[String(text.dropFirst(digits.count))],
            number * unit <= 86_400
        else {
            findings.add(
                .error, "'\(fields.qualified("timeout"))' is '\(text)', it should be seconds or a duration like 10m",
                at: node)
            return nil
        }
        return number * unit
    }
}

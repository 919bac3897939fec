import DeploymentModel
import JSON
import YAML

/// Reads a processor's spec out of its YAML.
struct ProcessorSpecReader {
    var findings: Findings

    init(file: String) { findings = Findings(file: file) }

    /// `nil` when the findings hold an error that leaves nothing to work with.
    mutating func read(_ root: YAMLNode) -> ProcessorSpec? {
        guard var fields = Fields(root, path: "", &findings) else { return nil }
        let ref = reference(&fields)
        let title = fields.string("name", &findings)?.text
        _ = fields.take("description")
        _ = fields.take("$schema")
        let isEnabled = fields.bool("enabled", &findings) ?? true
        var imageFields = fields.fields("image", &findings)
        var image: ImageSpec?
        if var given = imageFields {
            image = self.image(&given)
            imageFields = given
        }
        let build = build(&fields)
        let runtime = runtime(&fields)
        let secrets = secrets(&fields)
        let api = api(&fields, port: build.port)
        let inputs = fields.take("inputs")
        let outputs = outputs(&fields)
        _ = fields.take("predicates")
        let smoke = smoke(&fields)
        fields.reportUnknown(&findings)
        imageFields?.reportUnknown(&findings)
        if build.spec != nil, image?.track != nil {
            findings.add(
                .error, "both 'build' and 'image.track' are given", at: imageFields?.node,
                fix: "keep 'build' to build the image, or 'image.track' to pin what someone else builds")
        }
        guard let json = root.json else {
            findings.add(
                .error, .yaml, "the file holds a value that JSON cannot hold (a number that is not finite)", at: root)
            return nil
        }
        guard let ref else { return nil }
        return ProcessorSpec(
            ref: ref, path: findings.file, title: title, isEnabled: isEnabled,
            image: image ?? ImageSpec(slots: [:], defaultPlatform: nil, track: nil, repository: nil),
            build: build.spec, runtime: runtime, secrets: secrets, api: api, outputs: outputs, inputs: inputs?.json,
            smokeInputs: smoke.inputs ?? inputs?.json?["examples"]?[0] ?? .object([:]),
            startupSeconds: smoke.startupSeconds ?? 15, json: json)
    }

    private mutating func reference(_ fields: inout Fields) -> ProcessorRef? {
        guard let (text, node) = fields.string("ref", &findings) else {
            if fields.take("ref") == nil {
                findings.add(.error, "'ref' is missing", fix: "add the line 'ref: ns/name@1' at the top")
            }
            return nil
        }
        do throws(GrammarError) {
            return try ProcessorRef(text)
        } catch {
            findings.add(.error, error.description, at: node, fix: "for example llm/litellm@1")
            return nil
        }
    }

    private mutating func image(_ fields: inout Fields) -> ImageSpec {
        var slots: [Platform: PinSlot] = [:]
        if var platforms = fields.fields("platforms", &findings) {
            for platform in Platform.allCases {
                guard let node = platforms.take(platform.rawValue) else { continue }
                guard let scalar = node.scalar else {
                    findings.add(.error, "'image.platforms.\(platform)' is \(node.kind), it should be a pin", at: node)
                    continue
                }
                slots[platform] = PinSlot(text: scalar.text, span: node.span)
            }
            platforms.reportUnknown(&findings)
        }
        var defaultPlatform: Platform?
        if let (text, node) = fields.string("default_platform", &findings) {
            do throws(GrammarError) {
                defaultPlatform = try Platform(text)
            } catch { findings.add(.error, error.description, at: node) }
        }
        let track = reference("track", in: &fields)
        let repository = reference("repository", in: &fields)
        _ = fields.take("oci")
        return ImageSpec(slots: slots, defaultPlatform: defaultPlatform, track: track, repository: repository)
    }

    private mutating func reference(_ name: String, in fields: inout Fields) -> ImageReference? {
        guard let (text, node) = fields.string(name, &findings) else { return nil }
        do throws(GrammarError) {
            return try ImageReference(text)
        } catch {
            findings.add(.error, error.description, at: node)
            return nil
        }
    }

    private mutating func build(_ fields: inout Fields) -> (spec: BuildSpec?, port: Int?) {
        guard var build = fields.fields("build", &findings) else { return (nil, nil) }
        let context = build.string("context", &findings)?.text ?? "."
        let dockerfile = build.string("dockerfile", &findings)?.text ?? "Dockerfile"
        var args: [String: String] = [:]
        if var values = build.fields("args", &findings) {
            for (name, pair) in values.all() {
                guard let scalar = pair.value.scalar else {
                    findings.add(
                        .error, "'build.args.\(name)' is \(pair.value.kind), it should be a string", at: pair.value)
                    continue
                }
                args[name] = scalar.text
            }
        }
        let target = build.string("target", &findings)?.text
        let port = build.integer("port", in: 1...65_535, &findings)
        build.reportUnknown(&findings)
        return (BuildSpec(context: context, dockerfile: dockerfile, args: args, target: target), port)
    }

    private mutating func runtime(_ fields: inout Fields) -> RuntimeLimits {
        guard var runtime = fields.fields("runtime", &findings) else { return RuntimeLimits() }
        let cpu = runtime.number("cpu", &findings) ?? 1
        let memory = runtime.number("memory_gb", &findings) ?? 1
        for (value, name) in [(cpu, "cpu"), (memory, "memory_gb")] where !(value > 0 && value <= 4096) {
            findings.add(.error, "'runtime.\(name)' should be above 0 and at most 4096", at: runtime.take(name))
        }
        let timeout = runtime.integer("timeout_s", in: 1...86_400, &findings) ?? 600
        var gpu: String?
        switch runtime.take("gpu")?.value {
        case .string(let type) where type.lowercased() != "none": gpu = type
        case .bool(true):
            findings.add(
                .error, "'runtime.gpu' is true, it should name a type", at: runtime.take("gpu"),
                fix: "for example gpu: T4")
        default: break
        }
        runtime.reportUnknown(&findings)
        let bytes = memory > 0 && memory <= 4096 ? memory * Double(1 << 30) : Double(1 << 30)
        return RuntimeLimits(cpu: cpu, memoryBytes: Int(bytes), timeoutSeconds: timeout, gpu: gpu)
    }

    private mutating func secrets(_ fields: inout Fields) -> SecretNames {
        guard var secrets = fields.fields("secrets", &findings) else { return SecretNames() }
        let names = ["required", "optional"].map { list in
            secrets.strings(list, &findings).map { text, node in
                let isName =
                    text.utf8.first.map { !(48...57).contains($0) } == true
                    && text.utf8.allSatisfy {
                        (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 95
                    }
                if !isName {
                    findings.add(
                        .error, "a secret's name is that of an environment variable: letters, digits and '_'", at: node)
                }
                return text
            }
        }
        secrets.reportUnknown(&findings)
        return SecretNames(required: names[0], optional: names[1])
    }

    private mutating func api(_ fields: inout Fields, port: Int?) -> ProcessorAPI {
        guard var api = fields.fields("api", &findings) else { return ProcessorAPI(port: port ?? 8000) }
        var transport = ProcessorAPI.Transport.ws
        if let (text, node) = api.string("protocol", &findings) {
            if let known = ProcessorAPI.Transport(rawValue: text) {
                transport = known
            } else {
                findings.add(.error, "'api.protocol' is '\(text)', it should be ws or http", at: node)
            }
        }
        let paths = [("path", "/run"), ("healthz", "/healthz")].map { name, standard in
            guard let (text, node) = api.string(name, &findings) else { return standard }
            if !text.hasPrefix("/") { findings.add(.error, "'api.\(name)' should start with '/'", at: node) }
            return text
        }
        api.reportUnknown(&findings)
        return ProcessorAPI(transport: transport, runPath: paths[0], healthPath: paths[1], port: port ?? 8000)
    }

    private mutating func outputs(_ fields: inout Fields) -> [DeclaredOutput] {
        guard let node = fields.take("outputs"), let items = node.sequence else { return [] }
        return items.compactMap { item -> DeclaredOutput? in
            guard var output = Fields(item, path: "outputs[]", &findings) else { return nil }
            let path = output.string("path", &findings)
            let mime = output.string("mime", &findings)?.text
            output.reportUnknown(&findings)
            guard let path else {
                findings.add(.error, "an output has no 'path'", at: item)
                return nil
            }
            return DeclaredOutput(path: path.text, mime: mime)
        }
    }

    private mutating func smoke(_ fields: inout Fields) -> (inputs: JSONValue?, startupSeconds: Int?) {
        guard var smoke = fields.fields("smoke", &findings) else { return (nil, nil) }
        let inputs = smoke.take("inputs")?.json
        _ = smoke.take("expect")
        let startup = smoke.integer("startup_s", in: 1...3600, &findings)
        smoke.reportUnknown(&findings)
        return (inputs, startup)
    }
}

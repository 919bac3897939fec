package import DeploymentModel
import JSON

extension ProcessorSpec {
    /// The spec as runs see it.
    ///
    /// - Parameter pins: the digests in effect, where they are not those of the spec itself.
    /// - Throws: `Failure` with `ERR_SPEC` for a spec that has no hash.
    package func processor(pins: [Platform: ImageReference]? = nil) throws(Failure) -> Processor {
        let hash: String
        do throws(JSONError) {
            hash = try specHash()
        } catch { throw Failure(.spec, error.message) }
        return Processor(
            ref: ref, specHash: hash, pins: pins ?? image.pins, defaultPlatform: image.defaultPlatform,
            runtime: runtime, api: api, secrets: secrets, contract: contract)
    }
}

extension Catalog {
    /// Everything that can be run, with what runs need beside it.
    ///
    /// - Parameter pinned: the pins in effect by ref, where they are not those of the specs.
    /// - Throws: `Failure` with `ERR_SPEC` for a registry that cannot be hashed.
    package func runnable(pinned: [ProcessorRef: [Platform: ImageReference]] = [:]) throws(Failure) -> RunnableRegistry
    {
        var runnable: [ProcessorRef: Processor] = [:]
        for spec in processors where spec.isEnabled { runnable[spec.ref] = try spec.processor(pins: pinned[spec.ref]) }
        var tools: [SpecID: Tool] = [:]
        var schemas: [SpecID: JSONValue] = [:]
        let id: String
        do throws(JSONError) {
            for spec in supports {
                switch spec.kind {
                case .tool: tools[spec.id] = Tool(spec, hash: try spec.json.sha256().hex)
                case .schema: schemas[spec.id] = spec.json["schema"]
                case .policy, .prompt: break
                }
            }
            id = try snapshotID().description
        } catch { throw Failure(.spec, error.message) }
        return RunnableRegistry(
            snapshotID: id, processors: runnable, tools: tools, schemas: schemas, policy: policy)
    }

    /// The newest policy named `default`; where there is none of that name, the first one by id.
    package var policy: Policy {
        let policies = supports.filter { $0.kind == .policy }.sorted { $0.id < $1.id }
        let chosen = policies.last { $0.id.name == "default" } ?? policies.first
        return chosen.map { Policy($0.json) } ?? .none
    }
}

extension Policy {
    /// Reads what `SupportSpecReader` has found to be well-formed.
    fileprivate init(_ json: JSONValue) {
        self.init(
            maxUSDMicro: json["budget"]?["max_usd_micro"]?.intValue.map { Int($0) },
            attempts: json["retry"]?["max_attempts"]?.intValue.map { Int($0) } ?? 1,
            backoffMilliseconds: (json["retry"]?["backoff_ms"]?.arrayValue ?? []).compactMap {
                $0.intValue.map { Int($0) }
            },
            leaseSeconds: json["leases"]?["default_ttl_s"]?.intValue.map { Int($0) },
            locksPaths: json["leases"]?["enable_path_leases"]?.boolValue ?? false)
    }
}

extension Tool {
    fileprivate init(_ spec: SupportSpec, hash: String) {
        let json = spec.json
        self.init(
            id: spec.id, specHash: hash, adapter: json["adapter"]?.stringValue,
            entryPoint: json["entry_point"]?.stringValue ?? "", inputs: Self.parameters(json["inputs"]),
            outputs: Self.parameters(json["outputs"]), secrets: SecretNames(json["secrets"]),
            predicates: PredicatesSpec(json["predicates"]),
            timeoutSeconds: json["timeout_s"]?.intValue.map { Int($0) } ?? 600)
    }

    private static func parameters(_ json: JSONValue?) -> [Parameter] {
        (json?.arrayValue ?? []).compactMap { entry in
            guard let name = entry["name"]?.stringValue else { return nil }
            return Parameter(
                name: name, type: entry["type"]?.stringValue, isRequired: entry["required"]?.boolValue ?? false,
                standard: entry["default"])
        }
    }
}

extension SecretNames {
    /// A plain list means required.
    fileprivate init(_ json: JSONValue?) {
        func names(_ json: JSONValue?) -> [String] { (json?.arrayValue ?? []).compactMap(\.stringValue) }
        self.init(
            required: names(json?.arrayValue == nil ? json?["required"] : json), optional: names(json?["optional"]))
    }
}

extension PredicatesSpec {
    fileprivate init(_ json: JSONValue?) {
        func specs(_ phase: String) -> [PredicateSpec] {
            (json?[phase]?.arrayValue ?? []).compactMap { entry in
                guard let id = entry["id"]?.stringValue.flatMap({ try? SpecID($0) }) else { return nil }
                return PredicateSpec(id: id, arguments: entry["args"]?.objectValue ?? [:])
            }
        }
        self.init(admission: specs("admission"), success: specs("success"))
    }
}

import DeploymentModel
import JSON

/// An object of an answer, read field by field.
struct AnswerFields {
    private let value: JSONValue

    init(_ value: JSONValue) { self.value = value }

    func string(_ name: String) throws(Failure) -> String { try wanted(name, value[name]?.stringValue) }

    func int(_ name: String) throws(Failure) -> Int { try wanted(name, optionalInt(name)) }

    func bool(_ name: String) throws(Failure) -> Bool { try wanted(name, value[name]?.boolValue) }

    func optionalString(_ name: String) -> String? { value[name]?.stringValue }

    func optionalInt(_ name: String) -> Int? { value[name]?.intValue.map { Int($0) } }

    func optionalDouble(_ name: String) -> Double? { value[name]?.doubleValue }

    func optionalBool(_ name: String) -> Bool? { value[name]?.boolValue }

    func strings(_ name: String) throws(Failure) -> [String] {
        let elements = try wanted(name, value[name]?.arrayValue)
        let strings = elements.compactMap(\.stringValue)
        return try wanted(name, strings.count == elements.count ? strings : nil)
    }

    func stringsByName(_ name: String) throws(Failure) -> [String: String] {
        let members = try wanted(name, value[name]?.objectValue)
        let strings = members.compactMapValues(\.stringValue)
        return try wanted(name, strings.count == members.count ? strings : nil)
    }

    func objects(_ name: String) throws(Failure) -> [AnswerFields] {
        try wanted(name, value[name]?.arrayValue).map(AnswerFields.init)
    }

    private func wanted<Value>(_ name: String, _ value: Value?) throws(Failure) -> Value {
        guard let value else { throw Failure(.modal, "an answer of the Modal driver lacks '\(name)' or has it wrong") }
        return value
    }
}

extension ObservedApp {
    init(_ fields: AnswerFields) throws(Failure) {
        var functions: [ObservedFunction] = []
        for each in try fields.objects("functions") { functions.append(try ObservedFunction(each)) }
        self.init(
            name: try fields.string("app"), version: try fields.int("version"),
            deployedAt: fields.optionalString("deployed_at"), deployedBy: fields.optionalString("deployed_by"),
            tags: try fields.stringsByName("tags"), functions: functions,
            staleSecrets: try fields.strings("stale_secrets"))
    }
}

extension ObservedFunction {
    init(_ fields: AnswerFields) throws(Failure) {
        self.init(
            name: try fields.string("function"), imageID: try fields.string("image_id"),
            boundImageID: fields.optionalString("bound_image_id"), cpu: fields.optionalDouble("cpu"),
            memoryMB: fields.optionalInt("memory_mb"), gpu: try fields.strings("gpu"),
            timeoutSeconds: fields.optionalInt("timeout_s"),
            scaling: ScalingLimits(
                minContainers: fields.optionalInt("min_containers"),
                maxContainers: fields.optionalInt("max_containers"),
                bufferContainers: fields.optionalInt("buffer_containers"),
                scaledownSeconds: fields.optionalInt("scaledown_window_s"),
                maxInputs: fields.optionalInt("max_inputs")),
            secrets: try fields.strings("secrets"), url: fields.optionalString("url"),
            requiresProxyAuth: fields.optionalBool("requires_proxy_auth"))
    }
}

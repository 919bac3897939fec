package import DeploymentModel
package import JSON

/// What one run asks of its adapter besides its inputs: the parameter `adapter_opts`.
package struct AdapterOptions: Hashable, Sendable {
    /// An output that the mock adapter is told to write, relative to the write prefix.
    package struct MockOutput: Hashable, Sendable {
        package let path: String
        package let content: String
    }

    /// The longest that the run may take; `nil` leaves it to the spec.
    package var timeoutSeconds: Int?
    /// The platform whose image runs; `nil` for the adapter's own choice.
    package var platform: Platform?
    /// The image that runs in place of the pinned one: a digest of the caller's choice, or an engine's own id of a local
    /// build.
    package var image: String?
    /// What the mock adapter writes; `nil` lets it make up what the spec declares.
    package var outputs: [MockOutput]?
    /// Whether an equal run's recorded envelope may be given in place of a new run.
    package var usesMemo = false
    /// Starts the processor without any secret though the run is real: it has to refuse by itself.
    package var withholdsSecrets = false
    /// Starts the processor cut off from the network though the run is real.
    package var isIsolated = false
    /// Files for the inputs: `{"$attach": "<name>"}` in them stands for the file of this host at that path.
    package var attachments: [String: String] = [:]
    package var planID: String?
    package var transitionID: String?
    package var attempt = 0

    package init() {}

    /// Reads the JSON form, as the seeds have it: `{"timeout_s": 120, "outputs": [{"path", "content"}]}`.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS` that names every member that is wrong or unknown.
    package init(reading json: JSONValue) throws(Failure) {
        guard let members = json.objectValue else { throw Self.wrong(["it is \(json.kind), not an object"]) }
        var complaints: [String] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "timeout_s":
                if let seconds = value.intValue, (1...86_400).contains(seconds) {
                    timeoutSeconds = Int(seconds)
                } else {
                    complaints.append("timeout_s is no whole number of seconds from 1 to 86400")
                }
            case "platform":
                platform = value.stringValue.flatMap { try? Platform($0) }
                if platform == nil { complaints.append("platform is neither amd64 nor arm64") }
            case "memo":
                if let flag = value.boolValue { usesMemo = flag } else { complaints.append("memo is no Boolean") }
            case "outputs":
                let read = (value.arrayValue ?? []).map { entry -> MockOutput? in
                    guard let path = entry["path"]?.stringValue, let content = entry["content"]?.stringValue
                    else { return nil }
                    return MockOutput(path: path, content: content)
                }
                outputs = read.compactMap(\.self)
                if value.arrayValue == nil || read.contains(nil) {
                    complaints.append("outputs is no list of {path, content}")
                }
            default: complaints.append("'\(name)' is not known")
            }
        }
        guard complaints.isEmpty else { throw Self.wrong(complaints) }
    }

    private static func wrong(_ complaints: [String]) -> Failure {
        Failure(
            .inputs, "adapter_opts can't be used: \(complaints.joined(separator: "; "))",
            remedy: "Known are timeout_s, platform, memo and, for the mock adapter, outputs.")
    }
}

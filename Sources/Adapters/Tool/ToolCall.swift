import DeploymentModel
import JSON

/// What a tool is told: its inputs as flags, and everything as the context.
struct ToolCall: Sendable {
    /// The kernel takes 128 KiB in one argument.
    static let flagLimit = 96 << 10
    /// The kernel takes about 2 MiB of arguments and environment together.
    static let flagsLimit = 1 << 20

    /// `--name=value`, in the order of the spec: one argument each, so that no value is taken for a flag.
    let flags: [String]
    private let run: AdmittedRun
    private let inputs: JSONValue

    /// - Throws: `Failure` with `ERR_INPUTS` for a value that can't be an argument.
    init(_ run: AdmittedRun, _ tool: Tool) throws(Failure) {
        self.run = run
        var members = run.invocation.inputs.objectValue ?? [:]
        var flags: [String] = []
        for input in tool.inputs {
            guard let value = members[input.name] ?? input.standard else { continue }
            members[input.name] = value
            let flag = "--\(input.name)=\(value.stringValue ?? value.compact)"
            guard !flag.utf8.contains(0) else {
                throw Failure(.inputs, "the input '\(input.name)' of \(tool.id) holds a NUL, which no argument can")
            }
            guard flag.utf8.count <= Self.flagLimit else {
                throw Failure(
                    .inputs, "the input '\(input.name)' of \(tool.id) is longer than an argument may be",
                    remedy: "Attach it as a file: the tool gets its path in the world.")
            }
            flags.append(flag)
        }
        guard flags.reduce(0, { $0 + $1.utf8.count + 1 }) <= Self.flagsLimit else {
            throw Failure(
                .inputs, "the inputs of \(tool.id) are together longer than arguments may be",
                remedy: "Attach what is long as files: the tool gets their paths in the world.")
        }
        self.flags = flags
        inputs = .object(members)
    }

    /// The context with the mode, the defaults of the inputs filled in.
    func context(_ place: ToolPlace) -> JSONValue {
        let context = run.context.json(worldMount: place.world, scratchFolder: place.scratch)
        var members = context.objectValue ?? [:]
        members["mode"] = .string(run.invocation.mode.rawValue)
        members["inputs"] = inputs
        return .object(members)
    }
}

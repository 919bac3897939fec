import Adapters
import ArgumentParser
import DeploymentModel
import FoundationEssentials
import JSON
import SystemPackage

/// What one run is asked to do, the same for every command that runs something.
struct RunOptions: ParsableArguments {
    @Option(
        name: .customLong("ref"),
        help: ArgumentHelp("The processor (ns/name@ver) or tool (name@ver).", valueName: "ref"),
        completion: CatalogCompletion.refsAndTools)
    var named: String?

    @Option(
        help: ArgumentHelp("Whether it may touch the outside world: mock or real.", valueName: "mode"),
        completion: .list(["mock", "real"]))
    var mode: String?

    @Option(help: ArgumentHelp("The inputs, as JSON. Default: those of the spec's smoke test.", valueName: "json"))
    var inputsJson: String?

    @Option(help: ArgumentHelp("A file with the inputs; '-' reads stdin.", valueName: "file"), completion: .file())
    var inputsFile: String?

    @Argument(
        help: ArgumentHelp(
            "The processor or tool, in place of --ref; '-': the inputs come from stdin.", valueName: "ref"),
        completion: CatalogCompletion.refsAndTools)
    var words: [String] = []

    @Option(
        help: ArgumentHelp(
            "The world path below which it writes; {execution_id} is expanded.", valueName: "world path"))
    var writePrefix = "/artifacts/outputs/{execution_id}/"

    @Option(help: ArgumentHelp("Names the run. Default: a UUID.", valueName: "id"))
    var executionId: ExecutionID?

    @Option(help: ArgumentHelp("amd64 or arm64, in place of the adapter's own choice.", valueName: "platform"))
    var platform: Platform?

    @Option(help: ArgumentHelp("The longest that the run may take: 90s, 5m. Default: the spec's.", valueName: "time"))
    var timeout: TimeSpan?

    @Flag(help: "Show what it tells as it comes; with --json, as one JSON document a line, the envelope last.")
    var stream = false

    @Flag(help: "Print the envelope as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "A file for the inputs, where {\"$attach\": \"name\"} stands for it. Can be repeated.",
            valueName: "name=path"))
    var attach: [Attachment] = []

    @Option(help: ArgumentHelp("Copies the outputs into this folder.", valueName: "folder"), completion: .directory)
    var saveDir: String?

    @Option(
        help: ArgumentHelp(
            "More options for the adapter, as JSON: {\"timeout_s\": 120, \"outputs\": [{\"path\", \"content\"}]}.",
            valueName: "json"))
    var adapterOpts: String?

    @Flag(help: "Give the recorded envelope of an equal run, if there is one, and record this one otherwise.")
    var memo = false

    /// The processor or tool.
    var ref: String { named ?? words.first { $0 != Self.standardInput } ?? "" }

    private static let standardInput = "-"

    private var readsStandardInput: Bool { words.contains(Self.standardInput) }

    func validate() throws {
        switch [named].compactMap(\.self).count + words.count(where: { $0 != Self.standardInput }) {
        case 0: throw ValidationError("Missing expected argument '<ref>': what is to be run, as ns/name@ver.")
        case 1: break
        default: throw ValidationError("Name one processor or tool, with --ref or without.")
        }
        guard [inputsJson != nil, inputsFile != nil, readsStandardInput].count(where: \.self) <= 1 else {
            throw ValidationError("--inputs-json, --inputs-file and '-' exclude each other.")
        }
    }

    /// The inputs that are given, read to their end. To be called before signals are caught: reading may block for ever.
    func read() -> Result<JSONValue?, Failure> {
        do throws(Failure) { return .success(try given()) } catch { return .failure(error) }
    }

    /// The inputs with the mode beside them, as the uniform API wants them.
    ///
    /// - Parameter standard: where none are given.
    func inputs(_ given: JSONValue?, standard: JSONValue?) -> JSONValue {
        let inputs = given ?? standard ?? .object([:])
        guard var members = inputs.objectValue else { return inputs }
        if let mode { members["mode"] = .string(mode) }
        return .object(members)
    }

    private func given() throws(Failure) -> JSONValue? {
        if let text = inputsJson {
            return try Self.parse(Array(text.utf8), "--inputs-json")
        }
        guard let file = inputsFile ?? (readsStandardInput ? Self.standardInput : nil) else { return nil }
        return try Self.parse(try Self.read(file), file == Self.standardInput ? "stdin" : file)
    }

    /// - Throws: `Failure` with `ERR_INPUTS`.
    func adapterOptions() throws(Failure) -> AdapterOptions {
        var options = AdapterOptions()
        if let adapterOpts {
            options = try AdapterOptions(reading: try Self.parse(Array(adapterOpts.utf8), "--adapter-opts"))
        }
        if let platform { options.platform = platform }
        if let timeout { options.timeoutSeconds = timeout.seconds }
        if memo { options.usesMemo = true }
        options.attachments = Dictionary(attach.map { ($0.name, $0.path) }) { _, last in last }
        return options
    }

    private static func parse(_ bytes: [UInt8], _ place: String) throws(Failure) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch { throw Failure(.inputs, "\(place) is no JSON: \(error)") }
    }

    /// Reads a file, a pipe or stdin to its end.
    private static func read(_ file: String) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            let isStandard = file == Self.standardInput
            let source = isStandard ? FileDescriptor.standardInput : try FileDescriptor.open(FilePath(file), .readOnly)
            defer { if !isStandard { try? source.close() } }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
                if count == 0 { return bytes }
                bytes += buffer[..<count]
            }
        } catch {
            throw Failure(
                .inputs, "\(file == Self.standardInput ? "stdin" : "the file \(file)") can't be read: \(error)")
        }
    }
}

extension ExecutionID: ExpressibleByArgument {
    public init?(argument: String) { try? self.init(argument) }
}

/// A file for the inputs of a run: `name=path`.
struct Attachment: ExpressibleByArgument {
    let name: String
    let path: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        (name, path) = (parts[0], parts[1])
    }
}

/// A time as people write it: `90s`, `5m`, `1h`, or a bare number of seconds.
struct TimeSpan: ExpressibleByArgument {
    let seconds: Int

    init?(argument: String) {
        let units = ["s": 1, "m": 60, "h": 3600]
        let unit = argument.last.flatMap { units[String($0)] }
        guard let count = Int(unit == nil ? argument : String(argument.dropLast())), count > 0,
            case (let seconds, let overflow) = count.multipliedReportingOverflow(by: unit ?? 1), !overflow,
            seconds <= 86_400
        else { return nil }
        self.seconds = seconds
    }
}

import DeploymentModel
import FoundationEssentials
import JSON

/// The outputs of a tool: the files that it left, and the values that it answered with, as files.
///
/// A declared output is there when it was answered with, or when a file is called so: `text`, `text.txt`, `text/…`.
struct ToolOutputs: Sendable {
    typealias File = (path: String, mime: String?, content: OwnOutputs.Content)

    /// A declared JSON file that is larger is not parsed.
    private static let jsonLimit: Int64 = 16 << 20

    private let run: AdmittedRun
    private let tool: Tool
    private let answer: ToolAnswer

    init(_ run: AdmittedRun, _ tool: Tool, _ answer: ToolAnswer) {
        self.run = run
        self.tool = tool
        self.answer = answer
    }

    /// - Throws: `Failure` with `ERR_OUTPUT_MISMATCH` for an output that is missing, of another type, or not a file.
    func files(_ folders: ToolFolders, _ limits: ToolLimits) async throws(Failure) -> [File] {
        let prefix = run.invocation.writePrefix
        let (left, judged) = try await LocalWorld.blocking("the tool's outputs can't be kept") {
            var folder = OutputFolder(folders, prefix: prefix, limits: limits)
            let left = try folder.take()
            return (left, try left.map { ($0, try json(of: $0)) })
        }
        for file in left { try checkPlace(file.name) }
        var files: [File] = left.map { ($0.name, MockOutputs.mime(of: $0.name), .file($0.file)) }
        for (name, value) in answer.outputs.sorted(by: { $0.key < $1.key }) {
            guard let output = tool.outputs.first(where: { $0.name == name }) else {
                throw Failure(
                    .outputMismatch, "\(tool.id) answered with the output '\(name)', which its spec does not declare")
            }
            try check(value, output)
            if let text = value.stringValue {
                files.append(("\(name).txt", "text/plain", .bytes(Array(text.utf8))))
            } else {
                files.append(("\(name).json", "application/json", .bytes(Array(value.compact.utf8))))
            }
        }
        for output in tool.outputs where answer.outputs[output.name] == nil {
            let own = judged.filter { Self.belongs($0.0.name, to: output.name) }
            guard !own.isEmpty else {
                throw Failure(
                    .outputMismatch, "\(tool.id) did not give its output '\(output.name)'",
                    remedy: "Answer with it, or write a file outputs/\(output.name) with any ending.")
            }
            for (file, json) in own where file.name.hasPrefix("\(output.name).") {
                if let json {
                    try check(json, output)
                } else if file.name == "\(output.name).txt" {
                    try check(.string(""), output)
                }
            }
        }
        return files
    }

    private static func belongs(_ file: String, to name: String) -> Bool {
        file == name || file.hasPrefix("\(name).") || file.hasPrefix("\(name)/")
    }

    /// What a declared output's own JSON file holds; `nil` for any other file.
    private func json(of file: OutputFolder.Taken) throws(Failure) -> JSONValue? {
        guard tool.outputs.contains(where: { file.name == "\($0.name).json" && answer.outputs[$0.name] == nil }),
            LocalWorld.sizeOfFile(at: file.file) ?? 0 <= Self.jsonLimit,
            let bytes = FileManager.default.contents(atPath: file.file)
        else { return nil }
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch { throw Failure(.outputMismatch, "the output '\(file.name)' is no JSON: \(error.message)") }
    }

    private func check(_ value: JSONValue, _ output: Tool.Parameter) throws(Failure) {
        guard let type = output.type, !value.fits(type) else { return }
        throw Failure(
            .outputMismatch, "the output '\(output.name)' of \(tool.id) is \(value.kind), and its spec says \(type)")
    }

    /// The index and the receipt are written by the adapter.
    private func checkPlace(_ name: String) throws(Failure) {
        let prefix = run.invocation.writePrefix
        let path = try prefix.path(of: name)
        let execution = "/artifacts/execution/\(run.invocation.executionID)/"
        for reserved in [prefix.text, execution].flatMap({ ["\($0)outputs.json", "\($0)receipt.json"] })
        where path.text == reserved {
            throw Failure(.outputMismatch, "the output '\(name)' is in the place of the index or the receipt")
        }
    }
}

extension JSONValue {
    /// Claims that a parameter of this type can have this value.
    fileprivate func fits(_ type: String) -> Bool {
        switch type {
        case "string": stringValue != nil
        case "integer": intValue != nil
        case "number": doubleValue != nil
        case "boolean": boolValue != nil
        case "object": objectValue != nil
        case "array": arrayValue != nil
        default: true
        }
    }
}

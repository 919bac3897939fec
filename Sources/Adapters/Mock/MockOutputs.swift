import BLAKE3
import DeploymentModel
import JSON

/// What the mock adapter writes for a run.
struct MockOutputs {
    private let run: AdmittedRun

    init(_ run: AdmittedRun) { self.run = run }

    func files() throws(Failure) -> [(path: String, mime: String?, content: OwnOutputs.Content)] {
        if let outputs = run.options.outputs {
            return outputs.map { ($0.path, Self.mime(of: $0.path), .bytes(Array($0.content.utf8))) }
        }
        var files: [(path: String, mime: String?, content: OwnOutputs.Content)] = []
        for output in try declared() {
            let mime = output.mime ?? Self.mime(of: output.path)
            files.append((output.path, mime, .bytes(try content(of: output.path, mime))))
        }
        return files
    }

    /// The files that the spec promises; one for a promise that names none.
    private func declared() throws(Failure) -> [DeclaredOutput] {
        switch run.target {
        case .processor(let processor):
            switch processor.outputs {
            case .files(let files): return files.map(Self.file)
            case .prefixes(let prefixes): return prefixes.map { Self.file(DeclaredOutput(path: Self.relative($0))) }
            case .schema(let schema):
                let names = (schema["properties"]?.objectValue ?? [:]).keys.sorted()
                return names.isEmpty
                    ? [DeclaredOutput(path: "output.json")] : names.map { DeclaredOutput(path: "\($0).json") }
            }
        case .tool(let tool):
            return tool.outputs.map { DeclaredOutput(path: "\($0.name).\($0.type == "string" ? "txt" : "json")") }
        }
    }

    /// A promise that ends in `/` is a folder: one file below it.
    private static func file(_ output: DeclaredOutput) -> DeclaredOutput {
        guard output.path.hasSuffix("/") || output.path.isEmpty else { return output }
        let isJSON = output.mime == "application/json"
        return DeclaredOutput(path: output.path + (isJSON ? "mock.json" : "mock.txt"), mime: output.mime)
    }

    /// `/artifacts/outputs/text/` of an older file, below the write prefix of the run: `text/`.
    private static func relative(_ prefix: String) -> String {
        prefix.split(separator: "/").dropFirst(2).joined(separator: "/") + (prefix.hasSuffix("/") ? "/" : "")
    }

    private func content(of path: String, _ mime: String?) throws(Failure) -> [UInt8] {
        let ref = run.invocation.ref
        let key = run.context.memoKey
        guard mime == "application/json" else {
            return Array("mock output \(path) of \(ref)\ninputs and spec: \(key)\n".utf8)
        }
        if let schema = try schema(for: path) {
            let sample = SchemaSample(schema) { run.registry.schema(at: $0) }.value
            return Array(sample.compact.utf8)
        }
        return Array(
            JSONValue.object(["mock": true, "ref": .string(ref.description), "memo_key": .string(key)]).compact.utf8)
    }

    /// The schema that a success predicate or the spec's own outputs want a file to fit.
    private func schema(for path: String) throws(Failure) -> JSONValue? {
        if case .processor(let processor) = run.target, case .schema(let outputs) = processor.outputs {
            return outputs["properties"]?[String(path.dropLast(".json".count))] ?? outputs
        }
        let prefix = run.invocation.writePrefix
        let names = OutputName.all(of: try prefix.path(of: path), below: prefix)
        for predicate in run.target.predicates.success where predicate.id.name == "json.schema_ok" {
            let named = try predicate.text("path")
            guard named == path || names.contains(where: { named == "${outputs.\($0)}" }) else { continue }
            return (try? SpecID(try predicate.text("schema_ref"))).flatMap { run.registry.schemas[$0] }
        }
        return nil
    }

    static func mime(of path: String) -> String? {
        switch path.split(separator: ".").last {
        case "json": "application/json"
        case "txt", "log": "text/plain"
        case "md": "text/markdown"
        case "csv": "text/csv"
        case "html": "text/html"
        default: nil
        }
    }
}

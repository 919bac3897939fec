import DeploymentModel
import Docker
import FoundationEssentials
import Git
import RegistryCatalog
import TestSupport
import Testing

/// The real components that large tests work on: `make test` starts them.
enum Components {
    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Claims that the components are meant to be there. Without them large tests are not run, and say so.
    static let areThere: Bool = {
        let isSet = environment["PINION_REAL"] == "1"
        if !isSet { print("not run: PINION_REAL is not set; 'make test' starts the components and sets it") }
        return isSet
    }()

    static var registry: String { environment["PINION_OCI_REGISTRY"] ?? "127.0.0.1:5075" }
}

/// A bare repository with sample processors under a namespace of its own, so that nothing else on this machine is touched.
final class Sample: Sendable {
    let fixture: RepositoryFixture
    let namespace: String

    var path: String { fixture.path }

    /// - Parameter processors: folder names of the sample registry, `text_stats`, without their namespace in the result.
    init(_ processors: [String], pins: String = "commit", more: [String: String] = [:]) async throws {
        let namespace = "t" + String(UInt32.random(in: .min ... .max), radix: 16)
        self.namespace = namespace
        var files = [
            "pipelines/environments.yaml": """
            environments:
              local: {target: docker, registry: "\(Components.registry)/\(namespace)", pins: \(pins)}
            """
        ]
        for (path, text) in try Self.files(below: "registry/schemas") { files["registry/schemas/\(path)"] = text }
        for name in processors {
            let (own, other) = (name.split(separator: "_")[0], name.split(separator: "_")[1])
            for (path, text) in try Self.files(below: "registry/processors/\(name)") {
                files["registry/processors/\(namespace)_\(other)/\(path)"] =
                    text
                    .replacing("ref: \(own)/\(other)@1", with: "ref: \(namespace)/\(other)@1")
                    .replacing("127.0.0.1:5075", with: Components.registry)
            }
        }
        for (path, text) in more {
            files[path.replacing("NS", with: namespace)] = text.replacing("NS", with: namespace)
        }
        fixture = try await RepositoryFixture(files)
    }

    /// The sample registry's tools, with their programs.
    static func tools() throws -> [String: String] {
        Dictionary(try files(below: "registry/tools").map { ("registry/tools/\($0)", $1) }) { first, _ in first }
    }

    /// The files below a folder as they are in this checkout.
    static func files(below name: String) throws -> [(String, String)] {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let folder = "\(root)/\(name)"
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return try paths.filter { !$0.contains("__pycache__") }.compactMap { path in
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isDirectory), !isDirectory
            else { return nil }
            return (path, try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8))
        }
    }

    func spec(_ name: String) -> String { "registry/processors/\(namespace)_\(name)/registry.yaml" }

    func reconcile(_ arguments: String..., environment: [String: String?] = [:]) async throws -> Pinion.Outcome {
        try await Pinion.run(["reconcile", "--repo", path] + arguments, environment: environment)
    }

    /// The registry at the tip of its branch.
    func catalog() async throws -> Catalog {
        try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    /// The containers of this sample, as Docker itself lists them.
    func containers() async throws -> [ObservedContainer] {
        try await Self.engine().containers().filter { $0.ref.namespace == namespace }
    }

    static func engine() throws -> DockerEngine {
        DockerEngine(EngineClient(try EngineAddress.resolve(environment: ProcessInfo.processInfo.environment)))
    }

    /// Runs a test on a sample and removes the sample's containers afterwards, whatever happened.
    static func with(
        _ processors: [String], pins: String = "commit", more: [String: String] = [:],
        _ body: (Sample) async throws -> Void
    ) async throws {
        let sample = try await Sample(processors, pins: pins, more: more)
        let result: Result<Void, any Error>
        do { result = .success(try await body(sample)) } catch { result = .failure(error) }
        for container in (try? await sample.containers()) ?? [] {
            try? await engine().remove(container.id, graceSeconds: 1)
        }
        try result.get()
    }
}

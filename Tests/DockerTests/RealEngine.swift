import DeploymentModel
import FoundationEssentials
import HTTP
import OCI

@testable import Docker

/// Asked for with `PINION_REAL=1`: then an engine that is not there fails the tests, it does not skip them.
let wantsRealServices = ProcessInfo.processInfo.environment["PINION_REAL"] == "1"

extension OCIRegistryClient: LayoutPusher {}

/// The engine and the OCI registry of this machine, and a repository that no other test has.
struct RealEngine {
    let client: EngineClient
    let engine: DockerEngine
    let registry = OCIRegistryClient()
    let base: ImageReference
    let repository: ImageReference

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        let host = environment["PINION_OCI_REGISTRY"] ?? "127.0.0.1:5075"
        client = EngineClient(try EngineAddress.resolve(environment: environment))
        engine = DockerEngine(client)
        base = try ImageReference("\(host)/pinion/python:3")
        repository = try ImageReference("\(host)/pinion-test/\(UUID().uuidString.lowercased())")
    }

    static func now() -> Int { Int(Date().timeIntervalSince1970) }

    /// A small image with a web server on port 8000.
    func request(_ platform: Platform, dockerfile: String? = nil, args: [String: String] = [:]) throws -> (
        request: BuildRequest, archive: TarArchive
    ) {
        let server = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8000, bind='0.0.0.0')"
        let text =
            dockerfile
                ?? """
                ARG GREETING=none
                FROM \(base)
                ARG TARGETARCH
                ARG GREETING
                ENV GREETING=$GREETING ARCH=$TARGETARCH PYTHONUNBUFFERED=1
                COPY hello.txt /hello.txt
                CMD ["python3", "-c", "\(server)"]
                """
        let archive = try TarArchive([("build/Dockerfile", text), ("hello.txt", "hello")])
        let request = BuildRequest(
            ref: try ProcessorRef("test/real@1"), platform: platform, repository: repository,
            contextArchive: archive.path, dockerfile: "build/Dockerfile", args: args, target: nil)
        return (request, archive)
    }

    /// Whatever fits the engine.
    func builder() async throws -> any ImageBuilder {
        switch try await BuilderChoice.find(client) {
        case .buildx: BuildxBuilder(client, registry: registry, pusher: registry)
        case .engine: EngineBuilder(client, registry: registry, now: Self.now)
        }
    }

    func build(_ request: BuildRequest, log: @escaping @Sendable (String) -> Void = { _ in }) async throws -> BuiltImage
    {
        try await builder().build(request, log: log)
    }

    /// Removes the repository's images from the engine and from the registry.
    func cleanUp(_ images: [BuiltImage]) async {
        for name in (try? await client.images(of: repository)) ?? [] { try? await client.removeImage(name) }
        for image in images {
            try? await client.removeImage(repository.pinned(to: image.digest))
            let url = "http://\(repository.registry)/v2/\(repository.path)/manifests/\(image.digest)"
            _ = try? await HTTPClient.shared.send(HTTPRequest(.delete, url))
        }
    }
}

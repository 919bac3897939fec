import DeploymentModel
import Git
import OCI
import TestSupport
import Testing

/// Images whose config says one thing and whose programs another, really built and pushed.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(5)))
struct PlatformTruthTests {
    /// A build for arm64 as it goes wrong in practice: the programs come from a stage that is always amd64.
    private static let lying = """
        FROM --platform=linux/amd64 \(Components.registry)/pinion/python:3 AS build
        FROM scratch
        COPY --from=build / /
        ENTRYPOINT ["python3", "-m", "http.server"]
        """

    @Test func `amd64 programs in the arm64 slot are refused, and nothing is pinned`() async throws {
        let folder = "registry/processors/NS_liar"
        let spec = """
            ref: NS/liar@1
            image: {platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}}
            build: {context: .}
            """
        let more = ["\(folder)/registry.yaml": spec, "\(folder)/Dockerfile": Self.lying]
        try await Sample.with([], more: more) { sample in
            let before = try await sample.fixture.repository.commit(at: "main").id
            let run = try await sample.reconcile()
            #expect(run.exitCode == 1, "\(run.stdout)\(run.stderr)")
            let output = run.stdout + run.stderr
            #expect(output.contains("ERR_IMAGE_PLATFORM"), "\(output)")
            #expect(output.contains("is for amd64"), "\(output)")
            #expect(try await sample.fixture.repository.commit(at: "main").id == before)
        }
    }

    @Test func `base images are what they say, both of them`() async throws {
        let client = OCIRegistryClient()
        for name in ["python:3", "wheels-websockets:3"] {
            let image = try ImageReference("\(Components.registry)/pinion/\(name)")
            let pair = try await client.platforms(of: image)
            #expect(pair.count == 2)
            for (platform, child) in pair {
                let inspection = try await client.inspect(child)
                #expect(inspection.platform == platform)
                #expect(inspection.warnings.isEmpty, "\(inspection.warnings)")
            }
        }
    }
}

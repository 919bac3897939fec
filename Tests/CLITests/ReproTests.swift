import DeploymentModel
import Git
import JSON
import TestSupport
import Testing

/// Builds twice on a real engine.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct ReproTests {
    @Test func `a sample processor is the same each time`() async throws {
        try await Sample.with(["text_stats"]) { sample in
            let outcome = try await Pinion.run(["repro", "\(sample.namespace)/stats@1", "--repo", sample.path])
            #expect(outcome.exitCode == 0, "\(outcome.stderr)")
            #expect(outcome.stdout.contains("the same: "))
            #expect(try await sample.fixture.repository.target(of: "refs/pinion/builds") == nil, "nothing is recorded")
        }
    }

    @Test func `a file that holds the time is named, with its layer and nothing else`() async throws {
        let stamp = #"open('/opt/stamp','w').write(str(time.time()));open('/opt/same','w').write('x')"#
        let files = [
            "registry/processors/NS_clock/registry.yaml": """
            ref: NS/clock@1
            image: {platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}}
            build: {context: ., dockerfile: Dockerfile}
            api: {protocol: http}
            """,
            "registry/processors/NS_clock/Dockerfile": """
            FROM \(Components.registry)/pinion/python:3
            RUN ["python3", "-c", "import os,time;os.makedirs('/opt',exist_ok=True);\(stamp)"]
            """,
        ]
        try await Sample.with([], more: files) { sample in
            let outcome = try await Pinion.run(
                ["repro", "\(sample.namespace)/clock@1", "--repo", sample.path, "--json"])
            #expect(outcome.exitCode == 1, "\(outcome.stderr)")
            let layers = try #require(try outcome.json()[0]?["difference"]?["layers"]?.arrayValue)
            #expect(layers.count == 1)
            #expect(layers[0]["number"]?.intValue == 2)
            let entries = layers[0]["entries"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(entries.count == 1 && entries[0].hasPrefix("opt/stamp: content"), "\(entries)")
        }
    }
}

import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

/// Lanes of `pipelines/`, as they are read and held against the environments.
@Suite(.tags(.medium))
struct LaneTests {
    private static let environments = """
        environments:
          local: {}
          staging: {target: modal, registry: ghcr.io/acme, branch: main}
          main: {target: modal, registry: ghcr.io/acme, promotes_from: staging}
        """

    private func catalog(_ lanes: [String: String]) async throws -> Catalog {
        var files = ["pipelines/environments.yaml": Self.environments]
        for (name, text) in lanes { files["pipelines/\(name).yaml"] = text }
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    /// `line:column message → fix`
    private func findings(_ text: String) async throws -> [String] {
        try await catalog(["x": text]).diagnostics.map {
            "\($0.line ?? 0):\($0.column ?? 0) \($0.message) → \($0.fix ?? "")"
        }
    }

    @Test func `a step has options, or defaults`() async throws {
        let catalog = try await catalog([
            "pr": """
            environment: local
            changed_only: true
            steps:
              - validate
              - build: {platforms: [host]}
              - smoke: {image: build}
              - report: {junit: out.xml, summary: false}
            """,
            "staging": """
            name: staging
            environment: staging
            allow_real: true
            steps: [validate, {sync_secrets: {fail_on_missing: true}}, build, push, pin, smoke, probe, deploy, {smoke: {adapter: modal}}, record, {drift: {live: true}}, {report: }]
            """,
            "main": "environment: main\nsteps: [{promote: {from: staging}}, deploy, record]",
        ])
        #expect(catalog.diagnostics == [])
        #expect(catalog.lanes.map(\.name) == ["main", "pr", "staging"])
        #expect(catalog.lanes.map(\.isChangedOnly) == [false, true, false])
        #expect(catalog.lanes.map(\.allowsReal) == [false, false, true])
        #expect(catalog.lanes[0].steps == [.promote(from: "staging"), .deploy, .record])
        #expect(
            catalog.lanes[1].steps
                == [.validate, .build([.host]), .smoke(.local, .build), .report(junit: "out.xml", summary: false)])
        #expect(
            catalog.lanes[2].steps
                == [
                    .validate, .syncSecrets(failsOnMissing: true), .build([.amd64, .arm64]), .push, .pin,
                    .smoke(.local, .pinned), .probe, .deploy, .smoke(.modal, .pinned), .record, .drift(live: true),
                    .report(junit: nil, summary: true),
                ])
    }

    @Test(arguments: [
        ("steps: [validate]", ["1:1 'environment' is missing → add 'environment: x'"]),
        ("environment: local", ["1:1 'steps' is missing → add 'steps:' and below it '- validate'"]),
        ("environment: local\nsteps: []", ["1:1 'steps' is empty → add '- validate'"]),
        (
            "name: y\nenvironment: local\nsteps: [validate]",
            ["1:7 'name' says y, but the path says x → move the file, or write the name that belongs to its path"]
        ),
        ("environment: local\nsteps: [valdate]", ["2:9 there is no step 'valdate' → did you mean 'validate'?"]),
        (
            "environment: local\nsteps: [{build: {platform: [host]}}]",
            ["2:18 'steps.build.platform' is not known here → did you mean 'platforms'?"]
        ),
        (
            "environment: local\nsteps: [{build: {platforms: [hoste]}}]",
            ["2:30 'platforms' is 'hoste', it should be one of: host, amd64, arm64 → did you mean 'host'?"]
        ),
        (
            "environment: local\nsteps: [build, validate]",
            ["2:16 'validate' is done before 'build' → move it up: the steps stand in the order in which they are done"]
        ),
        (
            "environment: local\nsteps: [validate, validate]",
            ["2:19 'validate' is here twice, first on line 2 → remove one of the two"]
        ),
        ("environment: local\nsteps: [push]", ["2:9 'push' has nothing to push → add 'build' before it"]),
        ("environment: local\nsteps: [deploy]", ["2:9 what is deployed has to be recorded → add 'record' after it"]),
        (
            "environment: local\nsteps: [build, {smoke: {image: build}}, deploy, record]",
            ["2:16 what is deployed is tested by its digest → write image: pinned"]
        ),
        (
            "environment: local\nsteps: [{smoke: {image: build}}]",
            ["2:9 there is no build to test → write image: pinned, or add 'build'"]
        ),
        (
            "environment: local\nsteps: [promote]",
            ["2:9 'promote' does not say from where → write promote: {from: staging}"]
        ),
        (
            "environment: main\nsteps: [{promote: {from: staging}}, build, deploy, record]",
            ["2:9 what is promoted is never built anew → remove 'build', 'push' and 'pin'"]
        ),
        (
            "environment: loca\nsteps: [validate]",
            ["1:14 there is no environment 'loca' in pipelines/environments.yaml → did you mean 'local'?"]
        ),
        (
            "environment: main\nsteps: [{promote: {from: local}}, deploy, record]",
            ["2:9 'main' does not promote from 'local' → it promotes from 'staging'"]
        ),
        (
            "environment: local\nsteps: [sync_secrets]",
            [
                "2:9 'sync_secrets' is for environments on Modal, and 'local' is none → remove it, or name another environment"
            ]
        ),
        (
            "environment: local\nsteps: [validate, {report: {junit: ../../x.xml}}]",
            ["2:36 'junit' leads out of the folder of the reports → name a file below it: smoke.xml"]
        ),
        (
            "environment: local\nallow_reel: true\nsteps: [validate]",
            ["2:1 'allow_reel' is not known here → did you mean 'allow_real'?"]
        ),
    ])
    func `what is wrong is said, with its place and a remedy`(text: String, found: [String]) async throws {
        #expect(try await findings(text) == found)
    }

    @Test func `a lane with errors is left out, and validation says the same of it again from its cache`() async throws
    {
        let text = "environment: moon\nsteps: [validate]"
        #expect(try await catalog(["x": text]).lanes.isEmpty)
        let fixture = try await RepositoryFixture([
            "pipelines/environments.yaml": Self.environments, "pipelines/x.yaml": text,
        ])
        let commit = try await fixture.repository.commit(at: "main")
        let cache = JudgementCache(in: fixture.folder.path + "/cache", edition: "test")
        let first = try await Validation(of: commit, in: fixture.repository, cache: cache)
        let second = try await Validation(of: commit, in: fixture.repository, cache: cache)
        #expect(first.diagnostics.map(\.message) == ["there is no environment 'moon' in pipelines/environments.yaml"])
        #expect(second.diagnostics == first.diagnostics && first.readFiles == 2 && second.readFiles == 0)
        // The environment comes: the file is the same, and right now.
        try await fixture.commit(["pipelines/environments.yaml": Self.environments + "\n  moon: {}\n"])
        let third = try await Validation(
            of: fixture.repository.commit(at: "main"), in: fixture.repository, cache: cache)
        #expect(third.diagnostics == [] && third.readFiles == 1)
    }
}

import JSON
import TestSupport
import Testing

@testable import CLI

@Suite(.tags(.medium)) struct ConfigTests {
    private static let files = [
        "pipelines/environments.yaml": """
        environments:
          local:
            target: docker
            registry: 127.0.0.1:5000/me
          staging:
            target: modal
            registry: ghcr.io/acme
            branch: main
          main: {target: modal, registry: ghcr.io/acme, promotes_from: staging, modal_environment: acme,
            gates: {max_age: 3d}}
        """
    ]

    private func settings(
        _ arguments: [String], _ environment: [String: String?] = [:]
    ) async throws -> [String: JSONValue] {
        let fixture = try await RepositoryFixture(Self.files)
        let run = try await Pinion.run(
            ["config", "show", "--json", "--repo", fixture.path] + arguments, environment: environment)
        #expect(run.succeeded())
        var settings: [String: JSONValue] = [:]
        for setting in try run.json().arrayValue ?? [] {
            settings[try #require(setting["name"]?.stringValue)] = setting
        }
        return settings
    }

    @Test func `an option is stronger than the file, and the file than the default`() async throws {
        let plain = try await settings([])
        #expect(plain["registry"] == setting("registry", "127.0.0.1:5000/me", "file", "pipelines/environments.yaml:4"))
        #expect(plain["pins"] == ["name": "pins", "source": "default", "value": "record"])
        #expect(plain["env"] == ["name": "env", "source": "default", "value": "local"])
        #expect(plain["branch"] == setting("branch", "main", "git", "HEAD"))
        let asked = try await settings(["--env", "staging", "--pins", "branch", "--branch", "main"])
        #expect(asked["pins"] == setting("pins", "branch", "option", "--pins"))
        #expect(asked["branch"] == setting("branch", "main", "option", "--branch"))
        let own = try await settings(["--env", "staging"])
        #expect(own["branch"] == setting("branch", "main", "file", "pipelines/environments.yaml:8"))
    }

    @Test func `what promotes has its gates, and its pins from there`() async throws {
        let main = try await settings(["--env", "main"])
        #expect(main["pins"] == setting("pins", "record", "file", "pipelines/environments.yaml:9"))
        #expect(main["gates.max_age"] == setting("gates.max_age", "259200s", "file", "pipelines/environments.yaml:10"))
        #expect(main["gates.evidence"]?["source"] == "default")
        #expect(
            main["modal_environment"] == setting("modal_environment", "acme", "file", "pipelines/environments.yaml:9"))
    }

    @Test func `variables are named, and of secrets only that they are set`() async throws {
        let variables = [
            "DOCKER_HOST": "unix:///tmp/no.sock", "MODAL_TOKEN_SECRET": "hush-hush", "MODAL_ENV": "staging",
            "https_proxy": "http://user:hush-hush@proxy.example",
        ]
        let settings = try await settings([], variables)
        #expect(settings["docker.host"] == setting("docker.host", "unix:///tmp/no.sock", "environment", "DOCKER_HOST"))
        #expect(settings["modal.env"] == setting("modal.env", "staging", "environment", "MODAL_ENV"))
        #expect(
            settings["secret.MODAL_TOKEN_SECRET"]
                == setting("secret.MODAL_TOKEN_SECRET", "set", "environment", "MODAL_TOKEN_SECRET"))
        let fixture = try await RepositoryFixture(Self.files)
        let table = try await Pinion.run(
            ["config", "show", "--origin", "--repo", fixture.path], environment: variables)
        #expect(table.stdout.contains("pipelines/environments.yaml:4"))
        #expect(!(table.stdout + table.stderr + "\(settings)").contains("hush-hush"))
    }

    private func setting(_ name: String, _ value: String, _ source: String, _ place: String) -> JSONValue {
        ["name": .string(name), "value": .string(value), "source": .string(source), "place": .string(place)]
    }

    @Test func `an address is shown without its password`() {
        #expect(RepositoryPlace.shown("https://u:secret@example.com/r.git") == "https://example.com/r.git")
        #expect(RepositoryPlace.shown("ssh://git@example.com/r.git") == "ssh://git@example.com/r.git")
        #expect(!RepositoryPlace.shown("https://u:secret@exam ple.com\n").contains("secret"))
        #expect(RepositoryPlace.shown("../r") == "../r")
    }

    @Test func `a result holds nothing that a runner takes for its own command, and says the same`() throws {
        let text = try JSONText(["log": "##[add-mask]x"]).text
        #expect(!text.contains("##["))
        #expect(try JSONValue(parsing: text) == ["log": "##[add-mask]x"])
    }
}

import DeploymentModel
import FoundationEssentials
import JSON
import Testing

@testable import OCI

@Suite("Docker's credentials", .tags(.small))
struct DockerCredentialsTests {
    static let config: JSONValue = [
        "auths": [
            "quay.io/team": ["auth": "dGVhbTpwdw=="],
            "https://new.example/v2/": ["auth": "dTpw"],
            "ghcr.io": ["auth": "dXNlcjpwYTpzcw=="],
            "https://index.docker.io/v1/": ["auth": "aHViOnB3"],
            "https://old.example/v1/": ["username": "u", "password": "p"],
            "token.example": ["auth": "dTo=", "identitytoken": "refresh"],
            "empty.example": [:],
        ],
        "credHelpers": ["helped.example": "special"],
    ]

    @Test(
        "Each way of keeping a log-in is found",
        arguments: [
            ("ghcr.io", RegistryCredentials.password(user: "user", password: "pa:ss")),
            ("docker.io", .password(user: "hub", password: "pw")),
            ("old.example", .password(user: "u", password: "p")),
            ("token.example", .identityToken("refresh")),
            ("helped.example", .password(user: "special", password: "helped.example")),
            ("new.example", .password(user: "u", password: "p")), ("quay.io", .anonymous),
            ("empty.example", .anonymous), ("unknown.example", .anonymous), ("ghcr.io:443", .anonymous),
        ])
    func found(registry: String, expected: RegistryCredentials) async throws {
        let credentials = DockerCredentials(files: [Self.config]) { name, server in
            .password(user: name, password: server)
        }
        #expect(try await credentials.credentials(for: registry) == expected)
    }

    @Test("The store answers for all registries, files fill its gaps")
    func store() async throws {
        let file: JSONValue = ["credsStore": "desktop", "auths": ["b.example": ["auth": "dXNlcjpw"]]]
        let credentials = DockerCredentials(files: [file]) { _, server in
            server == "https://index.docker.io/v1/" ? .identityToken("t") : .anonymous
        }
        #expect(try await credentials.credentials(for: "docker.io") == .identityToken("t"))
        #expect(try await credentials.credentials(for: "b.example") == .password(user: "user", password: "p"))
    }

    @Test("A value never shows, whatever prints it")
    func hidden() {
        let value = RegistryCredentials.password(user: "someone", password: "secret")
        var dumped = ""
        dump([value], to: &dumped)
        for text in ["\(value)", String(reflecting: value), dumped] {
            #expect(!text.contains("secret") && !text.contains("someone"))
        }
    }

    static let gitLab = [
        "CI_REGISTRY": "gitlab.example:5050", "CI_REGISTRY_USER": "job", "CI_REGISTRY_PASSWORD": "p",
    ]

    @Test(
        "What a CI system gives its jobs is for its own registry alone",
        arguments: [
            (gitLab, "gitlab.example:5050", RegistryCredentials.password(user: "job", password: "p")),
            (gitLab, "gitlab.example", .anonymous), (gitLab, "ghcr.io", .anonymous),
            (["GITHUB_TOKEN": "t", "GITHUB_ACTOR": "me"], "ghcr.io", .password(user: "me", password: "t")),
            (["GITHUB_TOKEN": "t"], "ghcr.io", .password(user: "github", password: "t")),
            (["GITHUB_TOKEN": "t"], "docker.io", .anonymous),
            (["GITHUB_TOKEN": "", "GITHUB_ACTOR": "me"], "ghcr.io", .anonymous),
        ])
    func jobs(environment: [String: String], registry: String, expected: RegistryCredentials) async throws {
        let credentials = try DockerCredentials.reading(environment: environment)
        #expect(try await credentials.credentials(for: registry) == expected)
    }

    @Test("A log-in goes before what the CI system gives")
    func loginFirst() async throws {
        let text = #"{"auths":{"ghcr.io":{"auth":"dTpw"}}}"#
        let credentials = try DockerCredentials.reading(
            environment: ["DOCKER_AUTH_CONFIG": text, "GITHUB_TOKEN": "t"])
        #expect(try await credentials.credentials(for: "ghcr.io") == .password(user: "u", password: "p"))
    }

    @Test("The file of podman and skopeo is read, and missed when it is not there", .tags(.medium))
    func authFile() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/pinion-auth-\(UUID().uuidString).json"
        #expect {
            _ = try DockerCredentials.reading(environment: ["REGISTRY_AUTH_FILE": path])
        } throws: { ($0 as? Failure)?.message.contains("REGISTRY_AUTH_FILE") == true }
        try Data(#"{"auths":{"quay.io":{"auth":"dTpw"}}}"#.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let credentials = try DockerCredentials.reading(environment: ["REGISTRY_AUTH_FILE": path])
        #expect(try await credentials.credentials(for: "quay.io") == .password(user: "u", password: "p"))
    }

    @Test("A file that is no JSON is named, its content is not")
    func broken() {
        #expect {
            _ = try DockerCredentials.reading(environment: ["DOCKER_AUTH_CONFIG": "{secret"])
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.message.contains("DOCKER_AUTH_CONFIG") && !"\(failure)".contains("secret")
        }
    }
}

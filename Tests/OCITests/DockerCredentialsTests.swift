import DeploymentModel
import JSON
import Testing

@testable import OCI

@Suite("Docker's credentials", .tags(.small))
struct DockerCredentialsTests {
    static let config: JSONValue = [
        "auths": [
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

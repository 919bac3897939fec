import DeploymentModel
import FoundationEssentials
import Testing

@testable import OCI

@Suite("Credential helpers", .tags(.medium), .timeLimit(.minutes(1)))
struct CredentialHelperTests {
    /// Runs a shell script as the helper `test`.
    func credentials(script: String) async throws -> RegistryCredentials {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-helper-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/docker-credential-test"
        #expect(FileManager.default.createFile(atPath: path, contents: Data("#!/bin/sh\n\(script)\n".utf8)))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return try await CredentialHelper.run(
            name: "test", server: "ghcr.io", searchPath: "\(folder):/usr/bin:/bin")
    }

    @Test("The server goes in by stdin, the command is get, and both kinds of answer are read")
    func answers() async throws {
        let user = #"printf '{"ServerURL":"%s","Username":"%s","Secret":"p"}' x "$(cat)-$1""#
        #expect(try await credentials(script: user) == .password(user: "ghcr.io-get", password: "p"))
        let token = #"cat > /dev/null; echo '{"ServerURL":"x","Username":"<token>","Secret":"t"}'"#
        #expect(try await credentials(script: token) == .identityToken("t"))
    }

    @Test("A helper may stop reading, and may have nothing")
    func nothing() async throws {
        let script = "echo 'credentials not found in native keychain'; exit 1"
        #expect(try await credentials(script: script) == .anonymous)
    }

    @Test(
        "A helper that fails or talks nonsense is an error, and what it said is not repeated",
        arguments: [
            "echo secret; exit 1", "echo secret", #"echo '{"Username":"secret"}'"#,
        ])
    func fails(script: String) async {
        await #expect {
            _ = try await credentials(script: script)
        } throws: {
            ($0 as? Failure)?.message.contains("docker-credential-test") == true && !"\($0)".contains("secret")
        }
    }

    @Test("A helper that is not installed is named")
    func missing() async {
        await #expect {
            _ = try await CredentialHelper.run(name: "pinion-none", server: "ghcr.io")
        } throws: {
            ($0 as? Failure)?.message.contains("docker-credential-pinion-none is not installed") == true
        }
    }

    @Test("A name that is a path is refused", arguments: ["../x", "a/b", "", "a b"])
    func path(name: String) async {
        await #expect {
            _ = try await CredentialHelper.run(name: name, server: "ghcr.io")
        } throws: {
            ($0 as? Failure)?.message.contains("malformed") == true
        }
    }
}

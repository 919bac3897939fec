import DeploymentModel
import Testing

@testable import OCI

@Suite("Credential helpers", .tags(.medium), .timeLimit(.minutes(1)))
struct CredentialHelperTests {
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

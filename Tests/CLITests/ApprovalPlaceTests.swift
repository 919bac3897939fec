import DeploymentModel
import Foundation
import Git
import Records
import TestSupport
import Testing

/// Where approvals are kept, on the stand-in of Modal.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct ApprovalPlaceTests {
    @Test func `approvals lie in the state repository, and the keys that count beside the specs`() async throws {
        let keys = try TemporaryFolder()
        let key = keys.path + "/ada"
        #expect(try await Pinion.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).succeeded())
        let line = try String(contentsOfFile: key + ".pub", encoding: .utf8)
        let lane = try await ModalLane(
            ["text_hash"], main: "gates: {approvals: 1}", withDocker: false,
            more: [".pinion/allowed_signers": "ada@example.com \(line)"])
        let state = try await RepositoryFixture([".pinion/allowed_signers": "nobody\n"])
        let ref = try ProcessorRef(lane.ref("hash"))
        let revision = RefRecord.Revision(
            commit: try await lane.sample.fixture.repository.commit(at: "main").id.hex, specHash: "s",
            pins: [.amd64: try ImageReference("ghcr.io/a/b").pinned(to: SimulatedWorld.digest("one"))], keys: [:])
        let store = GitStateStore(
            SharedReferences(of: state.repository), as: RepositoryFixture.authorship, time: { 1_700_000_000 })
        _ = try await store.write(
            [RefRecord(ref: ref, desired: revision, applied: revision, binding: nil, evidence: [])],
            environment: "staging", message: "m")
        let place = ["--state-repo", state.path]
        func refusal() async throws -> String {
            let run = try await Pinion.run(
                ["promote", "--from", "staging", "--to", "main", "--dry-run", "--repo", lane.sample.path] + place,
                environment: lane.variables)
            #expect(run.exitCode == 3, "\(run.stderr)")
            return run.stderr
        }
        #expect(try await refusal().contains("has 0 of 1 approvals for main"))
        let signing: [String: String?] = [
            "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "gpg.format", "GIT_CONFIG_VALUE_0": "ssh",
            "GIT_CONFIG_KEY_1": "user.signingkey", "GIT_CONFIG_VALUE_1": key,
        ]
        let approved = try await lane.command(
            "approve", ref.description, "--env", "main", place[0], place[1], with: signing)
        #expect(approved.exitCode == 0, "\(approved.stderr)")
        #expect(try await state.repository.target(of: "refs/pinion/approvals/main") != nil)
        #expect(try await lane.sample.fixture.repository.references(under: "refs/pinion").isEmpty)
        let refusal = try await refusal()
        #expect(!refusal.contains("approvals") && refusal.contains("has drifted in staging"), "\(refusal)")
    }
}

import Foundation
import JSON
import TestSupport
import Testing

/// From staging to main and back, on the stand-in of Modal, with real images and real signatures.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct PromotionRealTests {
    private func key(_ name: String, in folder: TemporaryFolder) async throws -> (path: String, public: String) {
        let path = folder.path + "/" + name
        let made = try await Pinion.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path])
        try #require(made.exitCode == 0, "\(made.stderr)")
        let text = try String(contentsOfFile: path + ".pub", encoding: .utf8)
        return (path, text.split(separator: " ").prefix(2).joined(separator: " "))
    }

    private func signing(with key: String) -> [String: String?] {
        let settings = [
            ("gpg.format", "ssh"), ("user.signingkey", key), ("user.name", "Ada"), ("user.email", "ada@example.com"),
        ]
        var variables: [String: String?] = ["GIT_CONFIG_COUNT": "\(settings.count)"]
        for (index, (name, value)) in settings.enumerated() {
            variables["GIT_CONFIG_KEY_\(index)"] = name
            variables["GIT_CONFIG_VALUE_\(index)"] = value
        }
        return variables
    }

    @Test func `what was tested is promoted once it is approved, rolled back, and held`() async throws {
        let keys = try TemporaryFolder()
        let (ada, eve) = (try await key("ada", in: keys), try await key("eve", in: keys))
        let lane = try await ModalLane(
            ["text_hash"], main: "gates: {evidence: [modal/mock, local/mock], max_age: 24h, approvals: 1}",
            more: [".pinion/allowed_signers": "ada@example.com \(ada.public)\n"])
        let ref = lane.ref("hash")
        func promote(_ more: String...) async throws -> Pinion.Outcome {
            try await Pinion.run(
                ["promote", "--from", "staging", "--to", "main", "--repo", lane.sample.path] + more,
                environment: lane.variables)
        }

        let early = try await promote()
        #expect(early.exitCode == 0 && early.stdout.contains("Nothing to do"), "\(early.stderr)")
        #expect(try await promote(ref).exitCode == 3, "what never ran is refused")
        #expect(try await lane.reconcile().succeeded())

        let refused = try await promote()
        #expect(refused.exitCode == 3)
        #expect(refused.stderr.contains("\(ref) has 0 of 1 approvals for main"), "\(refused.stderr)")
        // A step of a workflow gets one answer, which is that of the exit code.
        let outputs = lane.home.path + "/outputs"
        let told = try await Pinion.run(
            ["promote", "--from", "staging", "--to", "main", "--repo", lane.sample.path],
            environment: lane.variables.merging(["GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": outputs]) { $1 })
        #expect(told.exitCode == 3 && told.stderr.ranges(of: "\n::error ").count == 1, "\(told.stderr)")
        let values = try String(contentsOfFile: outputs, encoding: .utf8)
        #expect(values.ranges(of: "state<<").count == 1 && values.contains("\nrefused\n"), "\(values)")
        let unsigned = try await lane.command("approve", ref, "--env", "main", with: ["GIT_CONFIG_COUNT": "0"])
        #expect(unsigned.exitCode == 1 && unsigned.stderr.contains("could not sign"), "\(unsigned.stderr)")
        #expect(try await lane.command("approve", ref, "--env", "main", with: signing(with: eve.path)).succeeded())
        #expect(try await promote().exitCode == 3, "a key that nobody allowed is none, whatever name it uses")
        #expect(try await lane.command("approve", ref, "--env", "main", with: signing(with: ada.path)).succeeded())
        let dry = try await promote("--dry-run", "--json").json()
        #expect(dry["items"]?[0]?["approvals"] == ["ada@example.com"])
        #expect(try await lane.command("status", "--env", "main", "--json").json().arrayValue == [])

        let first = try await promote()
        #expect(first.exitCode == 0, "\(first.stderr)")
        #expect(!first.stderr.contains("build"), "nothing is built")
        #expect(try await lane.command("drift", "--env", "main", "--live", "--detailed-exitcode").succeeded())
        #expect(try await promote().stdout.contains("Nothing to do"))

        // Another revision needs another approval.
        let spec = lane.sample.spec("hash")
        let text = try #require(try await lane.sample.fixture.text(spec))
        try await lane.sample.fixture.commit([spec: text + "\nx-note: another\n"])
        #expect(try await promote().stdout.contains("Nothing to do"), "staging runs what main has")
        #expect(try await lane.reconcile().succeeded())
        #expect(try await promote().exitCode == 3)
        #expect(try await lane.command("approve", ref, "--env", "main", with: signing(with: ada.path)).succeeded())
        #expect(try await promote().succeeded())

        let back = try await lane.command("rollback", ref, "--env", "main", "--reason", "empty answers")
        #expect(back.exitCode == 0, "\(back.stderr)")
        let held = try await lane.command("hold", "list", "--env", "main", "--json").json()
        #expect(held[0]?["hold"]?["reason"] == "empty answers")
        let again = try await promote()
        #expect(again.exitCode == 3 && again.stderr.contains("was rolled back from this revision"), "\(again.stderr)")
        #expect(try await lane.command("drift", "--env", "main", "--detailed-exitcode").succeeded())
        #expect(try await lane.command("hold", "release", ref, "--env", "main").succeeded())
        #expect(try await promote().succeeded())

        let verified = try await lane.command("verify", "--env", "main")
        #expect(verified.exitCode == 0 && verified.stdout.contains("1 processor passed"), "\(verified.stderr)")
    }

    @Test func `a saved plan is applied as it was shown, or says what changed`() async throws {
        let lane = try await ModalLane(["text_hash"])
        let file = lane.home.path + "/staging.plan"
        let planned = try await lane.command("plan", "--env", "staging", "-o", file)
        #expect(planned.exitCode == 0, "\(planned.stderr)")
        #expect(try await Pinion.run(["show", file]).stdout == planned.stdout)
        let matrix = try await Pinion.run(["show", file, "--format", "github-matrix"]).json()
        #expect(matrix["include"]?[0]?["steps"] == "pin,smoke,deploy,smoke")
        let other = try await lane.command("apply", file, "--env", "main")
        #expect(other.exitCode == 1 && other.stderr.contains("the plan is for 'staging'"), "\(other.stderr)")

        // Somebody deploys meanwhile: what would be done is not what was shown.
        #expect(try await lane.reconcile().succeeded())
        let done = try await lane.command("apply", file)
        #expect(done.exitCode == 0 && done.stdout.contains("Nothing to do"), "\(done.stdout) \(done.stderr)")
        #expect(try await lane.modal("app", "stop", lane.app("hash"), "--yes").succeeded())
        let stale = try await lane.command("apply", file)
        #expect(stale.exitCode == 3, "\(stale.stderr)")
        #expect(stale.stderr.contains("the plan of \(lane.ref("hash")) is out of date: what was applied changed"))
        let again = try await lane.command("apply", file, "--replan")
        #expect(again.exitCode == 0, "\(again.stderr)")
        #expect(try await lane.drift() == [])

        // The plan is of its commit, whatever the branch says now.
        let spec = lane.sample.spec("hash")
        let text = try #require(try await lane.sample.fixture.text(spec))
        try await lane.sample.fixture.commit([spec: text + "\nx-note: another\n"])
        let old = try await lane.command("apply", file)
        #expect(old.exitCode == 0 && old.stdout.contains("Nothing to do"), "\(old.stdout) \(old.stderr)")
        let garbage = lane.home.path + "/garbage"
        try "{}".write(toFile: garbage, atomically: true, encoding: .utf8)
        #expect(try await Pinion.run(["show", garbage]).exitCode == 1)
    }
}

import DeploymentModel
import Foundation
import Git
import JSON
import Records
import TestSupport
import Testing

/// What was deployed without Pinion, with Modal's own command line on the stand-in, is taken over.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct AdoptTests {
    /// Pins what tracks a tag; then it is deployed by hand.
    ///
    /// - Parameters:
    ///   - change: what becomes of the data that is deployed.
    ///   - module: what becomes of the program that deploys it.
    private func deployByHand(
        _ name: String, on lane: ModalLane, _ change: (String) -> String = { $0 },
        module: (String) -> String = { $0 }
    ) async throws {
        let pin = try await lane.pinion("pin", lane.ref(name))
        try #require(pin.exitCode == 0, "\(pin.stderr)")
        let folder = try TemporaryFolder()
        let rendered = try await lane.pinion("modal", "render", "--ref", lane.ref(name), "-o", folder.path)
        try #require(rendered.exitCode == 0, "\(rendered.stderr)")
        let file = folder.path + "/modal_app.json"
        try change(try String(contentsOfFile: file, encoding: .utf8))
            .write(toFile: file, atomically: true, encoding: .utf8)
        let program = folder.path + "/modal_app.py"
        try module(try String(contentsOfFile: program, encoding: .utf8))
            .write(toFile: program, atomically: true, encoding: .utf8)
        let deployed = try await lane.modal("deploy", "-m", "modal_app", in: folder.path)
        try #require(deployed.exitCode == 0, "\(deployed.stdout) \(deployed.stderr)")
    }

    private func records(_ lane: ModalLane) async throws -> String? {
        try await lane.sample.fixture.repository.target(of: "refs/pinion/env/staging")?.hex
    }

    @Test func `what runs as desired is recorded after a yes and a test, and the next plan is empty`() async throws {
        let lane = try await ModalLane(["text_hash"])
        try await deployByHand("hash", on: lane)
        let before = try await records(lane)
        let shown = try await lane.pinion("adopt")
        #expect(shown.exitCode == 0, "\(shown.stderr)")
        #expect(shown.stdout.contains("✓ \(lane.ref("hash"))  \(lane.app("hash")) version 1"), "\(shown.stdout)")
        #expect(shown.stdout.contains("once it has passed: smoke"), "\(shown.stdout)")
        #expect(shown.stderr.contains("Nothing was recorded"))
        #expect(try await records(lane) == before)
        #expect(try await lane.drift().contains("version"), "it is not recorded")

        let adopted = try await lane.pinion("adopt", "--yes")
        #expect(adopted.exitCode == 0, "\(adopted.stderr)")
        #expect(try await lane.drift() == [])
        let plan = try await lane.pinion("plan", "--detailed-exitcode")
        #expect(plan.exitCode == 0 && plan.stdout.contains("Nothing to do: 1 processor"), "\(plan.stdout)")
        // Nothing was deployed: it is the version that was there.
        let history = try await lane.modal("app", "history", lane.app("hash"), "--json").json().arrayValue ?? []
        #expect(history.count == 1)
        let entries = try await lane.pinion("history", "--json").json().arrayValue ?? []
        let facts = entries.flatMap { $0["changes"]?.arrayValue ?? [] }.flatMap { $0["facts"]?.arrayValue ?? [] }
        let mark = try #require(facts.first { $0["kind"] == "adoption" })
        #expect(mark["to"]?.stringValue?.isEmpty == false && mark["from"] == nil)
        #expect(shown.stdout.contains("ask      Modal, whether its image is that of the digest"), "\(shown.stdout)")
        let again = try await lane.pinion("adopt", "--yes")
        #expect(again.stdout.contains("left out: it is recorded already"), "\(again.stdout)")
    }

    @Test func `what runs otherwise is recorded as it is, and the next plan deploys it`() async throws {
        let lane = try await ModalLane(["text_hash", "text_stats"])
        try await deployByHand("hash", on: lane) {
            $0.replacing("\"managed_by\": \"pinion\"", with: "\"managed_by\": \"me\"")
        }
        let shown = try await lane.pinion("adopt", lane.ref("hash"), "--yes")
        #expect(shown.exitCode == 0, "\(shown.stderr)")
        #expect(shown.stdout.contains("~ \(lane.ref("hash"))") && shown.stdout.contains("deployed by hand"))
        #expect(try await !lane.drift().contains("version"), "its version is recorded now")
        let plan = try await lane.pinion("plan", "--json")
        let item = try #require(
            try plan.json()["items"]?.arrayValue?.first { $0["ref"]?.stringValue == lane.ref("hash") })
        #expect(item["deploy"]?["function"]?["version"] == 1, "\(plan.stdout)")
        #expect(item["record"]?["previous"]?["applied"] == nil)
        #expect(item["record"]?["previous"]?["adoption"]?["by"]?.stringValue?.isEmpty == false)

        let all = try await lane.pinion("adopt")
        #expect(all.stdout.contains("= \(lane.ref("stats"))  left out: it is not deployed"), "\(all.stdout)")
        let unknown = try await lane.pinion("adopt", "no/such@1")
        #expect(unknown.exitCode == 4, "\(unknown.stderr)")
        // Once Pinion has deployed it, it is adopted no longer.
        let reconciled = try await lane.pinion("reconcile", "--target", lane.ref("hash"))
        #expect(reconciled.exitCode == 0, "\(reconciled.stderr)")
        let entries = try await lane.pinion("history", "--json", "-n", "1").json().arrayValue ?? []
        let facts = entries.flatMap { $0["changes"]?.arrayValue ?? [] }.flatMap { $0["facts"]?.arrayValue ?? [] }
        #expect(facts.contains { $0["kind"] == "adoption" && $0["to"] == nil }, "\(entries)")
    }

    @Test func `tags that lie about the image are not believed`() async throws {
        let lane = try await ModalLane(["text_hash"])
        // The same digest in the tags, and something more in the image.
        let environment = "image.env({"
        try await deployByHand("hash", on: lane) {
            $0
        } module: { text in
            #expect(text.contains(environment))
            return text.replacing(environment, with: environment + "\"MORE\": \"1\", ")
        }
        let shown = try await lane.pinion("adopt", "--yes")
        #expect(shown.exitCode == 0, "\(shown.stderr)")
        #expect(shown.stderr.contains("runs another image than that of"), "\(shown.stderr)")
        let plan = try await lane.pinion("plan", "--json")
        let item = try plan.json()["items"]?[0]
        #expect(item?["deploy"]?["function"]?["version"] == 1, "\(plan.stdout)")
        #expect(item?["record"]?["previous"]?["applied"] == nil && item?["record"]?["previous"]?["binding"] != nil)
    }

    @Test func `what another run holds is not proven, and nothing is recorded`() async throws {
        let lane = try await ModalLane(["text_hash"])
        try await deployByHand("hash", on: lane)
        let store = GitStateStore(
            SharedReferences(of: lane.sample.fixture.repository), as: RepositoryFixture.authorship,
            time: { Int64(Date().timeIntervalSince1970) })
        let other = LeaseHolder(holder: "Bob", host: "two", run: "r2")
        _ = try await store.acquire([ProcessorRef(lane.ref("hash"))], environment: "staging", for: other, seconds: 500)
        let before = try await records(lane)
        let refused = try await lane.pinion("adopt", "--yes")
        #expect(refused.exitCode == 3, "\(refused.stderr)")
        #expect(refused.stderr.contains("held by Bob on two"), "\(refused.stderr)")
        #expect(refused.stderr.contains("Nothing was recorded"), "\(refused.stderr)")
        #expect(try await records(lane) == before)
    }

    @Test func `records that are lost are found again; an environment without Modal is refused`() async throws {
        let lane = try await ModalLane(["text_stats"])
        let first = try await lane.reconcile()
        try #require(first.exitCode == 0, "\(first.stderr)")
        let repository = lane.sample.path
        let lost = try await Pinion.run("git", ["-C", repository, "update-ref", "-d", "refs/pinion/env/staging"])
        #expect(lost.succeeded())
        let adopted = try await lane.pinion("adopt", "--yes")
        #expect(adopted.exitCode == 0, "\(adopted.stderr)")
        #expect(try await lane.reconcile().stdout.hasPrefix("Nothing to do: 1 processor"))
        let local = try await lane.command("adopt", "--env", "local")
        #expect(local.exitCode == 1 && local.stderr.contains("ERR_SPEC"), "\(local.stderr)")
    }
}

import Foundation
import TestSupport
import Testing

/// A run that did not get to its end, on a real engine: what it left, and how the next one carries on.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct ContinuedRunTests {
    @Test func `what a crashed run left is done by --continue, and then there is nothing left`() async throws {
        try await Sample.with(["text_hash"], pins: "record") { sample in
            let home = try TemporaryFolder()
            let own: [String: String?] = ["XDG_STATE_HOME": home.path]
            func apply() async throws -> Pinion.Outcome {
                try await Pinion.run(["apply", "--continue", "--repo", sample.path], environment: own)
            }
            #expect(try await apply().stderr.contains("Nothing to continue"))
            // Between the builds and the pin.
            let killed = try await sample.reconcile(environment: own.merging(["PINION_KILL_AT": "5"]) { $1 })
            try #require(killed.exitCode == -1, "\(killed.stderr)")
            let carriedOn = try await apply()
            #expect(carriedOn.succeeded())
            #expect(!carriedOn.stderr.contains("build linux"), "what is built is not built again: \(carriedOn.stderr)")
            #expect(try await sample.containers().count == 1)
            #expect(try await apply().stderr.contains("Nothing to continue"))
            #expect(try await sample.reconcile(environment: own).stdout.hasPrefix("Nothing to do"))
        }
    }

    @Test func `an interrupted run starts nothing more, leaves no container of a test, and says what it left`()
        async throws
    {
        try await Sample.with(["text_hash"], pins: "record") { sample in
            let home = try TemporaryFolder()
            let own: [String: String?] = ["XDG_STATE_HOME": home.path]
            let log = home.path + "/stderr"
            let script = """
                "\(Pinion.program)" reconcile --verbose --repo "\(sample.path)" 2>"\(log)" & pid=$!
                until grep -q '· .*smoke' "\(log)" || ! kill -0 $pid; do sleep 0.02; done
                kill -INT $pid; wait $pid; echo "code $?"
                """
            let outcome = try await Pinion.run("/bin/bash", ["-c", script], environment: own)
            let told = try String(contentsOfFile: log, encoding: .utf8)
            #expect(outcome.stdout.contains("code 130"), "\(outcome.stdout)\(told)")
            #expect(told.contains("smoke, deploy not done: interrupted"), "\(told)")
            #expect(outcome.stdout.contains("1 interrupted"), "\(outcome.stdout)")
            #expect(!told.contains("ERR_"), "\(told)")
            let names = try await Pinion.run("docker", ["ps", "-a", "--format", "{{.Names}}"]).stdout
            #expect(!names.contains("pinion-\(sample.namespace)-"), "\(names)")
            let next = try await Pinion.run(["apply", "--continue", "--repo", sample.path], environment: own)
            #expect(next.succeeded())
            #expect(try await sample.containers().count == 1)
        }
    }
}

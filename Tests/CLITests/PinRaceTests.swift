import DeploymentModel
import Git
import JSON
import TestSupport
import Testing

/// Several writers on one branch of one remote.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(10)))
struct PinRaceTests {
    @Test func `two runs at once end with one pin commit per ref, and both succeed`() async throws {
        let more = RemoteJobs.processor("one").merging(RemoteJobs.processor("two")) { $1 }
        try await RemoteJobs.with(["text_hash"], more: more) { jobs in
            let arguments = ["reconcile", "--pins", "commit", "--json"]
            async let left = jobs.run(arguments, job: "left")
            async let right = jobs.run(arguments, job: "right")
            for run in try await [left, right] {
                #expect(run.exitCode == 0, "\(run.stderr)\(run.stdout)")
            }
            let names = ["hash", "one", "two"]
            #expect(
                try await jobs.subjects().sorted()
                    == (["first"] + names.map { "pin: \(jobs.sample.namespace)/\($0)@1" }).sorted())
            for name in names {
                #expect(try await jobs.sample.fixture.text(jobs.sample.spec(name))?.contains("pending") == false)
            }
            #expect(
                try await jobs.sample.containers().filter(\.isRunning).count == 6, "each job has a 'local' of its own")
            for job in ["left", "right", "third"] {
                let next = try await jobs.run(["reconcile", "--json"], job: job)
                #expect(next.exitCode == 0, "\(next.stderr)")
                #expect(try next.json()["counts"]?["build"] == nil)
                #expect(try next.json()["counts"]?["pin"] == nil)
            }
            #expect(try await jobs.sample.containers().filter(\.isRunning).count == 9)
        }
    }

    @Test func `a branch that moves five times while a pin is pushed gets the pin on its newest tip`() async throws {
        try await RemoteJobs.with(["text_hash"]) { jobs in
            try jobs.moveMain(5, writing: "a note", to: "notes.txt")
            let pin = try await jobs.run(["pin"], job: "one")
            #expect(pin.exitCode == 0, "\(pin.stderr)")
            let others = (1...5).map { "other \($0)" }
            #expect(try await jobs.subjects() == ["pin: \(jobs.sample.namespace)/hash@1"] + others + ["first"])
            #expect(try await jobs.sample.fixture.text("notes.txt") == "a note 1\n")
            #expect(try await jobs.sample.fixture.text(jobs.sample.spec("hash"))?.contains("pending") == false)
        }
    }

    @Test func `inputs that change while a pin is pushed supersede it, and the next run builds the new ones`()
        async throws
    {
        var more = RemoteJobs.processor("late", lines: "COPY note /note")
        more["registry/processors/NS_late/note"] = "old\n"
        try await RemoteJobs.with(more: more) { jobs in
            try jobs.moveMain(1, writing: "new", to: "registry/processors/NS_late/note")
            let first = try await jobs.run(["reconcile"], job: "one")
            #expect(first.exitCode == 1)
            #expect(first.stderr.contains("superseded"), "\(first.stderr)")
            #expect(try await jobs.subjects() == ["other 1", "first"], "no commit of the other writer is lost")
            #expect(
                try await jobs.sample.fixture.text(jobs.sample.spec("late"))?.contains("amd64: sha256:pending") == true)
            #expect(try await jobs.sample.containers().isEmpty)

            let next = try await jobs.run(["reconcile", "--json"], job: "one")
            #expect(next.exitCode == 0, "\(next.stderr)")
            #expect(try next.json()["counts"]?["build"]?.intValue == 2)
            #expect(try await jobs.subjects() == ["pin: \(jobs.sample.namespace)/late@1", "other 1", "first"])
        }
    }

    @Test func `a protected branch gets its pins by merge, and a second run has nothing to add`() async throws {
        // Two at once: each finds by itself that the branch is protected.
        let second = [
            "registry/processors/NS_also/registry.yaml": """
            ref: NS/also@1
            image:
              track: \(Components.registry)/vendor/hash:1
              platforms:
                amd64: sha256:pending
                arm64: sha256:pending
            api: {protocol: http}
            outputs: [{path: hashes.json, mime: application/json}]
            smoke: {inputs: {schema: v1, params: {text: hello}}}

            """
        ]
        try await RemoteJobs.with(["text_hash"], more: second) { jobs in
            try jobs.update("[ \"$1\" != refs/heads/main ] || { echo 'main is protected' >&2; exit 1; }")
            let tip = try await jobs.git("rev-parse", "main")
            let first = try await jobs.run(["reconcile"], job: "one")
            #expect(first.exitCode == 0, "\(first.stderr)")
            let lines = first.stderr.split(separator: "\n").filter { $0.contains("main is protected") }
            #expect(lines.count == 1, "\(first.stderr)")
            #expect(lines.first?.contains("pinion/pins/main") == true, "\(first.stderr)")
            #expect(try await jobs.git("rev-parse", "main") == tip)
            let subjects = ["also", "hash"].map { "pin: \(jobs.sample.namespace)/\($0)@1" }
            #expect(try await jobs.subjects("main..pinion/pins/main").sorted() == subjects)

            let second = try await jobs.run(["reconcile"], job: "one")
            #expect(second.exitCode == 0, "\(second.stderr)")
            #expect(second.stdout.hasPrefix("Nothing to do"), "\(second.stdout)\(second.stderr)")
            let pin = try await jobs.run(["pin"], job: "two")
            #expect(pin.exitCode == 0, "\(pin.stderr)")
            #expect(pin.stdout.contains("pinned already"), "\(pin.stdout)")
            #expect(try await jobs.subjects("main..pinion/pins/main").sorted() == subjects)
            #expect(try await jobs.git("rev-parse", "main") == tip)
        }
    }
}

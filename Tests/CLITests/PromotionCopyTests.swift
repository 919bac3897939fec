import DeploymentModel
import FoundationEssentials
import Git
import JSON
import OCI
import Records
import TestSupport
import Testing

/// Promotion between environments with OCI registries of their own, on two real ones and the stand-in of Modal.
@Suite(
    .tags(.large), .serialized,
    .enabled(if: Components.areThere),
    .enabled(if: OCIRegistryProcess.program != nil, "PINION_OCI_PROGRAM names no program for a second OCI registry"))
struct PromotionCopyTests {
    private func environments(main: String) -> [String: String] {
        [
            "pipelines/environments.yaml": """
            environments:
              staging: {target: modal, registry: "\(Components.registry)/NS", pins: record}
              beta:
                target: modal
                modal_environment: dev
                registry: "\(Components.registry)/NS-beta"
                promotes_from: staging
              main: {target: modal, registry: "\(main)", promotes_from: staging}
            """
        ]
    }

    private func promote(_ lane: ModalLane, to environment: String, _ more: String...) async throws -> Pinion.Outcome {
        try await Pinion.run(
            ["promote", "--from", "staging", "--to", environment, "--repo", lane.sample.path] + more,
            environment: lane.variables)
    }

    private func record(_ lane: ModalLane, _ environment: String) async throws -> RefRecord? {
        try await GitStateStore(reading: lane.sample.fixture.repository).records(of: environment).values.first
    }

    /// The tags of the processor's repository below a registry.
    private func tags(_ lane: ModalLane, below registry: String) async throws -> [String] {
        try await OCIRegistryClient().tags(of: ImageReference("\(registry)/\(lane.sample.namespace)-stats"))
    }

    @Test
    func `images are taken over within a registry and copied to another one, and everything there is about those`()
        async throws
    {
        let second = try OCIRegistryProcess()
        let lane = try await ModalLane(["text_stats"], more: environments(main: second.name + "/prod"))
        let spec = lane.sample.spec("stats")
        let plain = try #require(try await lane.sample.fixture.text(spec))
        let attested = plain.replacing("build:\n", with: "build:\n  attestations: [provenance]\n")
        try await lane.sample.fixture.commit([spec: attested])
        #expect(try await lane.reconcile().succeeded())
        let source = try #require(try await record(lane, "staging")?.applied)

        for (environment, registry) in [
            ("beta", "\(Components.registry)/\(lane.sample.namespace)-beta"), ("main", second.name + "/prod"),
        ] {
            let promoted = try await promote(lane, to: environment, "--verbose")
            #expect(promoted.succeeded())
            #expect(promoted.stderr.contains("taken over from \(lane.sample.namespace)/") == (environment == "beta"))
            #expect(promoted.stderr.contains(" sent, ") == (environment == "main"), "\(promoted.stderr)")

            let revision = try #require(try await record(lane, environment)?.applied)
            #expect(revision.commit == source.commit && revision.specHash == source.specHash)
            #expect(revision.keys == source.keys)
            for platform in Platform.allCases {
                let (old, new) = (try #require(source.pins[platform]), try #require(revision.pins[platform]))
                #expect(new.repository == "\(registry)/\(lane.sample.namespace)-stats")
                #expect(new.digest == old.digest)
                let seen = try await Skopeo.look(at: new)
                #expect(seen.digest == new.digest?.description)
                #expect(seen.config == (try await Skopeo.look(at: old).config))
                #expect(try await OCIRegistryClient().missing(of: new).isEmpty)
            }
            #expect(
                try await tags(lane, below: registry).sorted()
                    == source.keys.compactMap { platform, key in
                        source.pins[platform]?.digest.map { key.contentTag(platform, $0) }
                    }.sorted())
            // The content tag has the image, and beside it what its builder attests.
            for tag in try await tags(lane, below: registry) {
                let repository = try ImageReference("\(registry)/\(lane.sample.namespace)-stats")
                let top = try await OCIRegistryClient().digest(of: repository.tagged(tag))
                let original = try #require(source.pins[.amd64]).tagged(tag)
                #expect(top == (try await OCIRegistryClient().digest(of: original)) && top != nil)
                #expect(try await OCIRegistryClient().missing(of: repository.pinned(to: try #require(top))).isEmpty)
            }
            let deployed = try #require(revision.pins[.amd64])
            #expect(try await lane.standIn.state().compact.contains("FROM \(deployed)"))

            let name = ["--env", environment]
            #expect(try await lane.command("drift", "--live", "--detailed-exitcode", name[0], name[1]).exitCode == 0)
            let plan = try await lane.command("plan", "--detailed-exitcode", name[0], name[1])
            #expect(plan.exitCode == 0, "\(plan.stdout)")
            let verified = try await lane.command("verify", name[0], name[1])
            #expect(verified.succeeded())
            #expect(try await lane.command("diff", "staging", environment, "--detailed-exitcode").exitCode == 0)
            // Its chain leads back to the build that it is a copy of.
            let why = try await lane.command("why", lane.ref("stats"), "--env", environment, "--json").json()
            #expect(why["state"] == "runs" && why["builds"]?.arrayValue?.count == 2, "\(why)")
            #expect(why["stages"]?.arrayValue?.allSatisfy { $0["next"]?.objectValue == nil } == true, "\(why)")
            #expect(try await promote(lane, to: environment).stdout.contains("Nothing to do"))
        }

        // Another revision, and back: what the environment ran before is in its own registry.
        let first = try #require(try await record(lane, "main")?.applied)
        let text = try #require(try await lane.sample.fixture.text(spec))
        try await lane.sample.fixture.commit([spec: text + "\nx-note: another\n"])
        #expect(try await lane.reconcile().succeeded())
        #expect(try await promote(lane, to: "main").succeeded())
        let back = try await lane.command("rollback", lane.ref("stats"), "--env", "main")
        #expect(back.succeeded())
        #expect(try await record(lane, "main")?.applied?.isSame(as: first) == true)
        #expect(try await promote(lane, to: "main").exitCode == 3, "it is held")
    }

    @Test func `a copy that is cut off, a lease that is lost and two at once change nothing, and the next one goes on`()
        async throws
    {
        let second = try OCIRegistryProcess()
        let gate = try Gate(before: second)
        let lane = try await ModalLane(["text_stats"], more: environments(main: gate.name + "/prod"))
        #expect(try await lane.reconcile().succeeded())
        let ref = lane.ref("stats")

        let killed = try await promoteInBackground(
            lane, gate,
            """
            $PINION promote --from staging --to main --repo "$REPO" >"$HERE/out" 2>"$HERE/second"; echo "second $?"
            $PINION lease list --env main --repo "$REPO" --json
            kill -9 $pid
            """)
        // How the second one ended, the leases as JSON, how the first one ended.
        let lines = killed.stdout.split(separator: "\n", maxSplits: 1)
        try #require(lines.count == 2, "\(killed.stdout) \(killed.stderr)")
        #expect(lines[0] == "second 3")
        let leases = try JSONValue(parsing: String(lines[1].prefix { $0 != "#" }))
        let run = try #require(leases[0]?["run"]?.stringValue)
        let said = try String(contentsOfFile: gate.folder.path + "/second", encoding: .utf8)
        #expect(said.contains("\(ref) in 'main': held by ") && said.contains("run \(run)"), "\(said)")
        #expect(killed.stdout.hasSuffix("#137\n"))
        #expect(try await record(lane, "main") == nil)
        #expect(try await tags(lane, below: second.name + "/prod").isEmpty)

        // The lease of a process that is gone is nobody's; one that is taken from a run that lives ends that run's work.
        let lost = try await promoteInBackground(
            lane, gate,
            """
            run=$($PINION lease list --env main --repo "$REPO" --json | grep -o '"run" *: *"[0-9a-f]*"' | cut -d'"' -f4)
            $PINION lease release --env main --run "$run" --repo "$REPO" >&2
            rm "$HERE/closed"
            """)
        #expect(lost.stdout == "#3\n", "\(lost.stdout) \(lost.stderr)")
        #expect(lost.stderr.contains("ERR_LEASE") && lost.stderr.contains("is lost"), "\(lost.stderr)")
        #expect(try await record(lane, "main") == nil)

        let done = try await promote(lane, to: "main", "--verbose")
        #expect(done.succeeded())
        #expect(done.stderr.contains("is there already"))
        let image = try #require(try await record(lane, "main")?.applied?.pins[.amd64])
        #expect(try await Skopeo.look(at: image).digest == image.digest?.description)
        #expect(try await lane.command("lease", "list", "--env", "main", "--json").json() == .array([]))
    }

    /// Promotes to `main`, does something while the gate holds a layer, and prints `#` and how the promotion ended.
    private func promoteInBackground(_ lane: ModalLane, _ gate: Gate, _ meanwhile: String) async throws
        -> Pinion.Outcome
    {
        var variables = lane.variables
        variables.merge([
            "PINION": Pinion.program, "REPO": lane.sample.path, "HERE": gate.folder.path, "HELD": try gate.close(),
        ]) { $1 }
        return try await Pinion.run(
            "sh",
            [
                "-uc",
                """
                $PINION promote --from staging --to main --repo "$REPO" >&2 & pid=$!
                until [ -e "$HERE/$HELD" ]; do
                  kill -0 $pid || exit 1
                  sleep 0.05
                done
                \(meanwhile)
                wait $pid; code=$?
                rm -f "$HERE/closed"
                echo "#$code"
                """,
            ], environment: variables)
    }

    /// A way to an OCI registry that holds back layers while it is closed.
    private final class Gate: Sendable {
        let name: String
        let folder: TemporaryFolder
        private let process: LeashedProcess

        init(before registry: OCIRegistryProcess) throws {
            folder = try TemporaryFolder()
            let script = folder.path + "/gate.py"
            try Data(Self.script.utf8).write(to: URL(filePath: script))
            process = try LeashedProcess(
                "python3", ["-u", script, String(registry.name.split(separator: ":")[1]), folder.path],
                variables: ProcessInfo.processInfo.environment, log: folder.path + "/gate.log")
            name = "127.0.0.1:\(process.firstLine)"
        }

        deinit { process.end() }

        /// Holds back layers until the file `closed` is gone.
        ///
        /// - Returns: the name of the file that tells that one is held back.
        func close() throws -> String {
            let id = UUID().uuidString
            try Data(id.utf8).write(to: URL(filePath: folder.path + "/closed"), options: .atomic)
            return "held-" + id
        }

        private static let script = #"""
            import os, socket, sys, threading, time
            os.closerange(3, 256)
            port, here = int(sys.argv[1]), sys.argv[2]
            def closing():
                try:
                    return open(here + "/closed").read()
                except OSError:
                    return ""
            def pump(source, sink, waits):
                try:
                    while data := source.recv(65536):
                        if waits and data.startswith(b"PUT ") and b"/blobs/uploads/" in data.split(b"\r\n")[0]:
                            closed = closing()
                            if closed:
                                open(here + "/held-" + closed, "w").close()
                            # One that was held back before is no sign that somebody is now.
                            while closed and closing() == closed:
                                time.sleep(0.02)
                        sink.sendall(data)
                    sink.shutdown(socket.SHUT_WR)
                except OSError:
                    sink.close()
            def serve():
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection(("127.0.0.1", port))
                    threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
                    threading.Thread(target=pump, args=(server, client, False), daemon=True).start()
            listener = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=serve, daemon=True).start()
            print(listener.getsockname()[1], flush=True)
            sys.stdin.read()
            """#
    }
}

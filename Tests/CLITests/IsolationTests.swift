import Adapters
import DeploymentModel
import Docker
import FoundationEssentials
import JSON
import RegistryCatalog
import Synchronization
import TestSupport
import Testing

/// What a processor reaches from where it runs. It is asked itself: it tries to connect and tells what came of it.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct IsolationTests {
    private static let spec = """
        ref: NS/probe@1
        image:
          platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}
        build: {context: ., args: {BASE: "\(Components.registry)/pinion/python:3"}}
        runtime: {cpu: 1, memory_gb: 1, timeout_s: 60}
        api: {protocol: http}
        inputs: {type: object}
        outputs: [{path: reach.json, mime: application/json}]
        smoke: {inputs: {targets: []}}
        """

    private static let dockerfile = """
        ARG BASE
        FROM ${BASE}
        COPY probe.py /probe.py
        USER 65532:65532
        ENTRYPOINT ["python3", "/probe.py"]
        """

    /// Tries to reach the targets; what came of each is its one output.
    private static let program = PythonProcessor(
        writing: "reach.json", "probe(inputs)",
        setup: """
            def reach(target):
                host, port = target.rsplit(":", 1)
                try:
                    socket.create_connection((host, int(port)), timeout=2).close()
                    return "reached"
                except OSError as error:
                    return type(error).__name__

            def probe(inputs):
                time.sleep(inputs.get("sleep", 0))
                found = {target: reach(target) for target in inputs.get("targets", [])}
                found["secrets"] = sorted(name for name in os.environ if name.startswith("PROBE_"))
                return json.dumps(found).encode()
            """
    ).text

    private func withProbe(_ body: (Sample, ProcessorRef) async throws -> Void) async throws {
        let folder = "registry/processors/NS_probe"
        try await Sample.with(
            [],
            more: [
                "\(folder)/registry.yaml": Self.spec, "\(folder)/Dockerfile": Self.dockerfile,
                "\(folder)/probe.py": Self.program,
            ]
        ) { sample in
            let reconciled = try await sample.reconcile()
            #expect(reconciled.exitCode == 0, "\(reconciled.stderr)")
            try await body(sample, try ProcessorRef("\(sample.namespace)/probe@1"))
        }
    }

    /// What the probe reaches, by target.
    private func reach(
        _ targets: [String], mode: String, _ sample: Sample, _ ref: ProcessorRef, isolations: [Isolation]? = nil
    ) async throws -> (found: JSONValue, envelope: Envelope, warnings: [String]) {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalog = try await sample.catalog()
        let world = try await LocalWorld(at: folder)
        let adapter = LocalAdapter(
            engine: try Sample.engine(), surroundings: RunSurroundings(world: world), mark: .ofThisProcess,
            isolations: isolations ?? Isolation.allCases)
        let result = await adapter.invoke(
            processorRef: ref.description,
            inputsJSON: ["mode": .string(mode), "targets": .array(targets.map { .string($0) })],
            writePrefix: "/artifacts/outputs/{execution_id}/", executionID: try ExecutionID("probe"),
            registrySnapshot: try catalog.runnable())
        let output = try #require(result.envelope.outputs.first, "\(String(describing: result.failure))")
        let artifact = try #require(try await world.artifact(at: output.path))
        let bytes = Array(try Data(contentsOf: URL(filePath: artifact.file)))
        return (try JSONValue(parsing: bytes), result.envelope, result.warnings)
    }

    @Test func `a mock run reaches nothing at all: no gateway, no port of this host, no other container`() async throws
    {
        try await withProbe { sample, ref in
            let listener = try await Listener.onAllAddresses()
            let port = listener.port
            let engine = try Sample.engine()
            let gateway = try #require(try await engine.gatewayAddress())
            let other = try #require(try await sample.containers().first)
            let otherAddress = try await engine.addresses(of: other.id, on: "bridge")?.container ?? "172.17.0.2"
            let targets = ["\(gateway):\(port)", "\(otherAddress):8000", "\(try Listener.ownAddress()):\(port)"]

            let mock = try await reach(targets, mode: "mock", sample, ref)
            for target in targets { #expect(mock.found[target] == "OSError", "\(target): \(mock.found.compact)") }
            #expect(mock.envelope.meta["isolation"] == "namespace")
            #expect(mock.warnings.isEmpty)

            // The same processor in mode real reaches them: the probe can tell.
            let real = try await reach(targets, mode: "real", sample, ref)
            for target in targets { #expect(real.found[target] == "reached", "\(target): \(real.found.compact)") }
            #expect(real.envelope.meta["isolation"] == nil)
            await listener.close()
        }
    }

    @Test func `where namespaces can't be entered, a mock run is on a network that leads nowhere`() async throws {
        try await withProbe { sample, ref in
            let engine = try Sample.engine()
            let other = try #require(try await sample.containers().first)
            let address = try #require(try await engine.addresses(of: other.id, on: "bridge")).container
            let mock = try await reach(
                ["\(address):8000"], mode: "mock", sample, ref, isolations: [.internalNetwork, .none])
            #expect(mock.found["\(address):8000"] != "reached", "\(mock.found.compact)")
            #expect(mock.envelope.meta["isolation"] == "internal-network")
            #expect(mock.warnings.contains { $0.contains("open ports of this host could be reached") })
            #expect(try await engine.client.networks(label: "dev.pinion.run").isEmpty)
        }
    }

    @Test func `the transport-level call moves a payload and its envelope, judges nothing and keeps nothing`()
        async throws
    {
        try await withProbe { sample, ref in
            let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let processor = try #require(try await sample.catalog().runnable().processors[ref])
            let adapter = LocalAdapter(
                engine: try Sample.engine(), surroundings: RunSurroundings(world: try await LocalWorld(at: folder)),
                mark: .ofThisProcess)
            // It has no place to upload to, and says so in its own words.
            let payload: JSONValue = [
                "execution_id": "E7", "mode": "mock", "inputs": ["targets": []], "write_prefix": "/artifacts/x/",
                "schema": "v1",
            ]
            let refused = await #expect(throws: Failure.self) {
                try await adapter.invoke(
                    ref: processor, payload: payload, timeout: .seconds(20), oci: processor.pins, stream: nil,
                    platform: nil)
            }
            #expect(refused?.code == .network || refused?.code == .badResponse, "\(String(describing: refused))")
            let unpinned = await #expect(throws: Failure.self) {
                try await adapter.invoke(ref: processor, payload: payload, timeout: .seconds(20), oci: [:])
            }
            #expect(unpinned?.code == .imageUnpinned)
            let nameless = await #expect(throws: Failure.self) {
                try await adapter.invoke(ref: processor, payload: [:], timeout: .seconds(20), oci: processor.pins)
            }
            #expect(nameless?.code == .inputs)
        }
        try await Sample.with(["text_stats"]) { sample in
            #expect(try await sample.reconcile().succeeded())
            let ref = try ProcessorRef("\(sample.namespace)/stats@1")
            let processor = try #require(try await sample.catalog().runnable().processors[ref])
            let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let adapter = LocalAdapter(
                engine: try Sample.engine(), surroundings: RunSurroundings(world: try await LocalWorld(at: folder)),
                mark: .ofThisProcess)
            let events = Mutex(0)
            let envelope = try await adapter.invoke(
                ref: processor,
                payload: [
                    "execution_id": "E8", "mode": "mock", "inputs": processor.smokeInputs,
                    "write_prefix": "/artifacts/x/", "schema": "v1",
                ], timeout: .seconds(20), oci: processor.pins, stream: { _ in events.withLock { $0 += 1 } })
            #expect(envelope["status"] == "success" && envelope["execution_id"] == "E8")
            #expect(events.withLock { $0 } > 0)
        }
    }

    @Test func `what a killed run left behind is removed by the next one`() async throws {
        try await withProbe { sample, ref in
            let engine = try Sample.engine()
            let processor = try #require(try await sample.catalog().runnable().processors[ref])
            let image = try #require(processor.pins[.host])
            let dead = RunMark("\(ProcessInfo.processInfo.hostName)/\(Int32.max)/1")
            let spec = ContainerSpec(
                name: "pinion-\(ref.refSlug)-run-dead", processor: processor, image: image.description,
                platform: .host, environment: [:], network: .none, run: dead)
            let left = try await engine.start(spec).container
            try await engine.createNetwork("pinion-dead-\(sample.namespace)", run: dead)
            #expect(try await !engine.containers().contains { $0.id == left.id }, "a run's container is no deployment")

            let outcome = try await Pinion.run([
                "run", "--ref", ref.description, "--mode", "mock", "--repo", sample.path,
            ])
            #expect(outcome.exitCode == 0, "\(outcome.stderr)")
            #expect(try await engine.state(of: left.id) == nil)
            let networks = try await engine.client.networks(label: "dev.pinion.run").compactMap {
                $0["Name"]?.stringValue
            }
            #expect(!networks.contains("pinion-dead-\(sample.namespace)"))
        }
    }

    @Test(arguments: ["INT", "TERM"])
    func `a run that is interrupted leaves no container`(signal: String) async throws {
        try await withProbe { sample, ref in
            let script = """
                "\(Pinion.program)" run --ref \(ref) --mode real --repo "\(sample.path)" \
                    --inputs-json '{"sleep":100}' & pid=$!
                until docker ps --format '{{.Names}}' | grep -q 'pinion-\(ref.refSlug)-run-'; do sleep 0.1; done
                kill -\(signal) $pid; wait $pid; echo "code $?"
                """
            let outcome = try await Pinion.run("/bin/bash", ["-c", script])
            #expect(
                outcome.stdout.contains(signal == "INT" ? "code 130" : "code 143"), "\(outcome.stdout)\(outcome.stderr)"
            )
            let names = try await Pinion.run("docker", ["ps", "-a", "--format", "{{.Names}}"]).stdout
            #expect(!names.contains("pinion-\(ref.refSlug)-run-"), "\(names)")
        }
    }
}

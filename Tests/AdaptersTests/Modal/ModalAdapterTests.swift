import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import Synchronization
import Testing

@testable import Adapters

/// Runs on Modal, with a platform and an endpoint that are scripted.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ModalAdapterTests {
    private static let claims = "the outputs are only claimed: Modal can't reach this host, so none was uploaded"

    @Test(arguments: [ProcessorAPI.Transport.ws, .http])
    func runsWhatIsDeployedAndSaysWhatItSaw(transport: ProcessorAPI.Transport) async throws {
        let modal = ModalServer()
        let outcome = try await ModalRun(transport: transport)(at: modal.server)
        let result = outcome.result
        #expect(result.failure == nil)
        #expect(result.warnings == [Self.claims])
        #expect(!result.isOnlyClaimed, "it could not have uploaded anything")
        #expect(result.envelope.outputs.map(\.path.text) == ["/artifacts/outputs/E1/out/a.txt"])
        #expect(result.envelope.meta["observed_image_id"] == "im-1")
        #expect(result.envelope.meta["app_version"] == 3, "the processor's own word does not count")
        #expect(
            result.envelope.meta["env_fingerprint"]?.stringValue
                == "adapter=modal,env_keys_present=[],image=\(ModalRun.digest),modal_env=modal-staging,mode=mock,"
                + "platform=amd64")
        #expect(outcome.events == (transport == .ws ? [.token("hel")] : []))
        #expect(outcome.lookups == [ModalRun.name, ModalRun.name])
        #expect(modal.requests.first?.path == "/healthz")
        #expect(modal.requests.last?.path == "/run")
        for request in modal.requests {
            #expect(request.headers["modal-key"] == ModalRun.key)
            #expect(request.headers["modal-secret"] == ModalRun.secret)
        }
    }

    @Test func aFailureIsOfThatEnvironmentToo() async throws {
        let outcome = try await ModalRun(lookups: { _ in [.failure(Failure(.functionNotFound, "no app"))] })(
            at: ModalServer().server)
        #expect(outcome.code == "ERR_FUNCTION_NOT_FOUND")
        #expect(outcome.message == "no app")
        #expect(
            outcome.result.failure?.remedy?.contains("pinion modalctl start --ref text/echo@1 --env staging") == true)
        #expect(
            outcome.result.envelope.meta["env_fingerprint"]?.stringValue?.contains("modal_env=modal-staging") == true)
    }

    // MARK: What is deployed

    private static let mismatches: [(@Sendable (String) -> FunctionEndpoint, String)] = [
        ({ .deployed(at: $0, digest: .of("b")) }, "has \(Digest.of("b")) deployed"),
        ({ .deployed(at: $0, digest: nil) }, "names no digest"),
        ({ .deployed(at: $0, imageID: "im-2") }, "runs the image im-2, and im-1 is the one that is bound"),
        ({ .deployed(at: $0, bound: nil) }, "no image on Modal is bound"),
    ]

    @Test(arguments: mismatches.indices)
    func whatIsNotThePinnedImageIsNotRun(index: Int) async throws {
        let (endpoint, words) = Self.mismatches[index]
        let modal = ModalServer()
        let outcome = try await ModalRun(lookups: { [.success(endpoint($0))] })(at: modal.server)
        #expect(outcome.code == "ERR_REGISTRY_MISMATCH")
        #expect(outcome.message.contains(words), "\(outcome.message)")
        #expect(outcome.message.contains(ModalRun.digest.description))
        #expect(outcome.result.failure?.remedy?.contains("pinion modalctl start") == true)
        #expect(modal.requests.isEmpty)
    }

    @Test(arguments: ["health", "envelope"])
    func aProcessorThatClaimsAnotherDigestIsNotBelieved(place: String) async throws {
        var modal = ModalServer()
        if place == "health" {
            modal.cold = [.init(chunks: [#"{"ok":true,"digest":"sha256:0"}"#])]
        } else {
            modal.changes = ["meta": ["image_digest": .string(Digest.of("c").description)]]
        }
        #expect(try await ModalRun()(at: modal.server).code == "ERR_REGISTRY_MISMATCH")
    }

    @Test func anotherPlatformsPinIsMissing() async throws {
        var run = ModalRun()
        run.options.platform = .arm64
        let outcome = try await run(at: ModalServer().server)
        #expect(outcome.code == "ERR_IMAGE_UNPINNED")
        #expect(outcome.lookups.isEmpty)
    }

    @Test func anAddressThatIsNotEncryptedGetsNothing() async throws {
        for url in ["http://192.0.2.1", "ftp://127.0.0.1", ""] {
            let outcome = try await ModalRun(lookups: { _ in [.success(.deployed(at: url))] })(at: url)
            #expect(outcome.code == "ERR_MODAL", "\(url)")
        }
    }

    // MARK: Cold starts

    @Test func aColdStartIsWaitedFor() async throws {
        let clock = ManualClock(patience: .seconds(60))
        var modal = ModalServer()
        // The last is a server's own 404: it is up, and has no such path yet.
        modal.cold = [
            .init(status: 503), .init(status: 303, location: "/healthz"), .init(status: 502), .init(status: 404),
        ]
        #expect(try await ModalRun(clock: clock)(at: modal.server).code == nil)
        #expect(clock.sleeps == [50, 100, 200].map { .milliseconds($0) })
    }

    @Test func oneThatNeverEndsIsGivenUp() async throws {
        let clock = ManualClock(patience: .seconds(60))
        let server = LoopbackServer(http: { _ in .init(status: 503) })
        let outcome = try await ModalRun(clock: clock, smoke: SmokeSpec(startupSeconds: 20))(at: server)
        #expect(outcome.code == "ERR_HEALTH")
        #expect(outcome.message.contains("HTTP 503") && outcome.message.contains("cold start"), "\(outcome.message)")
        let waited = clock.sleeps.reduce(.zero, +)
        #expect(waited > .seconds(319) && waited < .seconds(321), "startup_s on top of the cold start")
    }

    @Test func aStoppedAppIsNotWaitedFor() async throws {
        let clock = ManualClock(patience: .seconds(60))
        var modal = ModalServer()
        modal.cold = [.init(status: 404, chunks: ["modal-http: app for invoked web endpoint is stopped"])]
        let outcome = try await ModalRun(clock: clock)(at: modal.server)
        #expect(outcome.code == "ERR_FUNCTION_NOT_FOUND")
        #expect(outcome.result.failure?.remedy?.contains("pinion modalctl start") == true)
        #expect(clock.sleeps.isEmpty)
    }

    // MARK: Changes while it runs

    private func failing(after changes: [ScriptedPlatform.Answer]) async throws -> ModalRun.Outcome {
        var modal = ModalServer()
        modal.messages = [.drop]
        return try await ModalRun(lookups: { [.success(.deployed(at: $0))] + changes })(at: modal.server)
    }

    @Test func aStreamThatBreaksSaysWhatBecameOfTheDeployment() async throws {
        let broken = try await failing(after: [])
        #expect(broken.code == "ERR_WS_CLOSE")
        #expect(!broken.message.contains("meanwhile"))

        let anew = try await failing(after: [.success(.deployed(at: "http://127.0.0.1", version: 4))])
        #expect(anew.code == "ERR_WS_CLOSE")
        #expect(anew.message.contains("meanwhile text-echo-v1 was deployed anew, as version 4"), "\(anew.message)")

        let stopped = try await failing(after: [.failure(Failure(.functionNotFound, "no app"))])
        #expect(stopped.code == "ERR_FUNCTION_NOT_FOUND")
        #expect(stopped.message.contains("was stopped meanwhile"), "\(stopped.message)")

        let unknown = try await failing(after: [.failure(Failure(.network, "no route"))])
        #expect(unknown.code == "ERR_WS_CLOSE")
    }

    @Test func anAnswerOfAnotherDeploymentIsNotTaken() async throws {
        func run(_ later: ScriptedPlatform.Answer) async throws -> ModalRun.Outcome {
            try await ModalRun(lookups: { [.success(.deployed(at: $0)), later] })(at: ModalServer().server)
        }
        let url = "http://127.0.0.1"
        let other = try await run(.success(.deployed(at: url, version: 4, imageID: "im-2", bound: "im-2")))
        #expect(other.code == "ERR_REGISTRY_MISMATCH")
        #expect(other.message.contains("deployed anew while it ran, as version 4"))
        let otherDigest = try await run(.success(.deployed(at: url, version: 4, digest: .of("b"))))
        #expect(otherDigest.code == "ERR_REGISTRY_MISMATCH")

        let rolledOver = try await run(.success(.deployed(at: url, version: 4)))
        #expect(rolledOver.code == nil)
        #expect(rolledOver.result.warnings.last?.contains("version 4 with the same image") == true)
        let unseen = try await run(.failure(Failure(.network, "no route")))
        #expect(unseen.code == nil)
        #expect(unseen.result.warnings.last?.contains("could not be looked at again: no route") == true)
    }

    // MARK: Limits

    @Test func aMessageOverTwoMebibytesIsRefusedBeforeItIsSent() async throws {
        let large = String(repeating: "x", count: 2 << 20)
        let modal = ModalServer()
        let outcome = try await ModalRun(inputs: ["text": .string(large)])(at: modal.server)
        #expect(outcome.code == "ERR_INPUTS")
        #expect(outcome.message.contains("2097152"), "\(outcome.message)")
        #expect(outcome.result.failure?.remedy?.contains("by reference") == true)
        #expect(modal.requests.map(\.path) == ["/healthz"], "no connection is made for it")
        let http = try await ModalRun(transport: .http, inputs: ["text": .string(large)])(at: ModalServer().server)
        #expect(http.code == nil, "HTTP has no such limit")
    }

    @Test func neitherIsALargerOneTaken() async throws {
        var modal = ModalServer()
        let large = String(repeating: "x", count: 2 << 20)
        modal.messages = [.text(#"{"kind":"Token","content":{"text":"\#(large)"}}"#)]
        let outcome = try await ModalRun()(at: modal.server)
        #expect(outcome.code == "ERR_WS_PROTOCOL")
        #expect(outcome.message.contains("2097152"), "\(outcome.message)")
    }

    @Test func whatCannotBeHadOnModalIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/a.txt"
            try "a".write(toFile: file, atomically: true, encoding: .utf8)
            var run = ModalRun()
            run.options.attachments = ["a": file]
            run.inputs = ["text": ["$attach": "a"]]
            #expect(try await run(at: ModalServer().server).code == "ERR_INPUTS")
        }
        for isolates in [true, false] {
            var run = ModalRun()
            run.options.isIsolated = isolates
            run.options.withholdsSecrets = !isolates
            #expect(try await run(at: ModalServer().server).code == "ERR_SANDBOX")
        }
    }

    // MARK: Secrets and predicates

    @Test func aRealRunHasTheSecretsThatTheFunctionMounts() async throws {
        var run = ModalRun(secrets: SecretNames(required: ["KEY"], optional: ["MORE"]), mode: "real")
        run.lookups = { [.success(.deployed(at: $0, secrets: ["KEY", "OTHER"]))] }
        try await withWorld { world in
            let (adapter, _) = run.adapter(at: "http://127.0.0.1", in: world)
            run.secretsPresent = try await adapter.secretsPresent(for: ProcessorRef("text/echo@1"))
        }
        #expect(run.secretsPresent == ["KEY", "OTHER"])
        let outcome = try await run(at: ModalServer().server)
        #expect(
            outcome.result.envelope.meta["env_fingerprint"]?.stringValue?.contains("env_keys_present=[KEY]") == true)
        run.secretsPresent = []
        let missing = try await run(at: ModalServer().server)
        #expect(missing.code == "ERR_MISSING_SECRET")
        #expect(missing.result.failure?.remedy?.contains("pinion modalctl sync-secrets") == true)
        #expect(missing.lookups.isEmpty)
    }

    @Test func predicatesThatJudgeBytesAreLeftOutAndSaid() async throws {
        func predicate(_ id: String, _ arguments: [String: JSONValue]) throws -> PredicateSpec {
            PredicateSpec(id: try SpecID(id), arguments: arguments)
        }
        func run(_ predicates: [PredicateSpec]) async throws -> ModalRun.Outcome {
            try await ModalRun(predicates: PredicatesSpec(success: predicates))(at: ModalServer().server)
        }
        let schema = try predicate("json.schema_ok@1", ["path": "out/a.txt", "schema_ref": "out@1"])
        let claimed = try await run([schema])
        #expect(claimed.code == nil)
        #expect(claimed.result.warnings.last?.hasPrefix("json.schema_ok@1 was not evaluated") == true)
        #expect(
            try await run([try predicate("file.size_gt@1", ["path": "out/a.txt", "min_bytes": 5])]).code == nil)
        #expect(
            try await run([try predicate("file.size_gt@1", ["path": "out/a.txt", "min_bytes": 6])]).code
                == "ERR_PREDICATE", "a claimed size counts")
        #expect(
            try await run([try predicate("artifact.exists@1", ["path": "out/b.txt"])]).code == "ERR_PREDICATE")
    }

    // MARK: The level beneath

    @Test func thePayloadGoesAsItIsAndTheEnvelopeComesAsItWas() async throws {
        var modal = ModalServer()
        modal.messages = [.text(#"{"kind":"Log","content":{"msg":"\#(ModalRun.key)"}}"#)]
        modal.changes = ["more": .string(ModalRun.secret)]
        let run = ModalRun()
        let processor = try run.processor
        let payload: JSONValue = [
            "execution_id": "E1", "mode": "other", "inputs": [:], "write_prefix": "/artifacts/o/",
        ]
        let events = Mutex<[ProcessorEvent]>([])
        try await withWorld { world in
            try await modal.server.run { origin in
                let (adapter, _) = run.adapter(at: origin, in: world)
                let envelope = try await adapter.invoke(
                    ref: processor, payload: payload, timeout: .seconds(20), oci: processor.pins,
                    stream: { event in events.withLock { $0.append(event) } })
                #expect(envelope["meta"]?["app_version"] == 99)
                #expect(envelope["outputs"]?[0]?["path"] == "/artifacts/o/out/a.txt")
                #expect(envelope["more"] == "[MODAL_PROXY_SECRET]")
                await #expect {
                    _ = try await adapter.invoke(
                        ref: processor, payload: payload, timeout: .seconds(20), oci: [:])
                } throws: {
                    ($0 as? Failure)?.code == .imageUnpinned
                }
            }
        }
        #expect(events.withLock { $0 } == [.log("[MODAL_PROXY_KEY]")])
    }
}

import DeploymentModel
import JSON

/// The course of one run, the same for every adapter: admit, look for a memo, lock, carry out, judge, keep.
struct RunCourse<Runner: Adapter>: Sendable {
    let adapter: Runner
    let request: RunRequest

    init(_ adapter: Runner, _ request: RunRequest) {
        self.adapter = adapter
        self.request = request
    }

    private var world: any ArtifactStore { adapter.surroundings.world }

    /// What the caller dictates is no result that another run could have.
    private var usesMemo: Bool { request.options.usesMemo && request.options.outputs == nil }

    func run(_ report: @escaping @Sendable (ProcessorEvent) async -> Void) async -> InvocationResult {
        var fingerprint: String?
        var wasAdmitted = false
        do throws(Failure) {
            let admission = try RunAdmission(adapter, request)
            fingerprint = admission.fingerprint.description
            return try await run(admission, &wasAdmitted, report)
        } catch {
            var meta: [String: JSONValue] = [:]
            meta["env_fingerprint"] = .string(fingerprint ?? "adapter=\(adapter.kind.rawValue),env_keys_present=[]")
            let outcome = Envelope.Outcome.error(code: error.code.rawValue, message: error.message)
            var result = InvocationResult(
                envelope: Envelope(executionID: request.executionID, outcome: outcome, meta: meta), failure: error)
            result.wasAdmitted = wasAdmitted
            return result
        }
    }

    /// - Parameter wasAdmitted: gets `true` before anything is started.
    private func run(
        _ admission: RunAdmission, _ wasAdmitted: inout Bool,
        _ report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> InvocationResult {
        // Attached files become artifacts of the world first, so that the inputs can name them.
        let inputs = try await Attachments(request.options.attachments, in: world).resolve(admission.inputs)
        try admission.checkInputs(inputs)
        let memoKey = try admission.memoKey(inputs)
        if usesMemo, let known = try await world.recorded(memoKey.text, by: adapter.kind),
            let envelope = Self.memo(known)
        {
            return InvocationResult(envelope: envelope)
        }
        let stage = try await world.stage()
        let lock: PathLock?
        do throws(Failure) {
            lock = try await self.lock(admission)
        } catch {
            await world.discard(stage)
            throw error
        }
        let result: Result<InvocationResult, Failure>
        do throws(Failure) {
            wasAdmitted = true
            let run = admission.admit(inputs, memoKey, in: stage, mount: world.mount)
            result = .success(try await carryOut(run, admission, report))
        } catch {
            result = .failure(error)
        }
        if let lock { await world.unlock(lock) }
        await world.discard(stage)
        return try result.get()
    }

    private func carryOut(
        _ run: AdmittedRun, _ admission: RunAdmission, _ report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> InvocationResult {
        let answer = try await adapter.carryOut(run, report: report)
        let envelope = answer.checked.envelope
        guard envelope.isSuccess else {
            return InvocationResult(envelope: envelope, warnings: answer.checked.warnings, log: answer.log)
        }
        let judge = SuccessPredicates(run, envelope: envelope, answer, in: world)
        let unjudged = try await judge.evaluate(admission.target.predicates.success)
        try await keep(envelope, answer, run, admission)
        var result = InvocationResult(envelope: envelope, warnings: answer.checked.warnings + unjudged)
        result.isOnlyClaimed = answer.received?.isEmpty == true && !envelope.outputs.isEmpty
        return result
    }

    /// Locks the write prefix where the registry's policy wants it.
    private func lock(_ admission: RunAdmission) async throws(Failure) -> PathLock? {
        let policy = request.registry.policy
        let seconds = admission.timeoutSeconds + RunAdmission.startupAllowance
        for prefix in try admission.prefixesToBeFree() {
            await world.unlock(try await world.lock(prefix, for: "run \(request.executionID)", seconds: 1))
        }
        guard policy.locksPaths else { return nil }
        return try await world.lock(
            admission.writePrefix.text, for: "run \(request.executionID) of \(request.ref)",
            seconds: min(seconds, policy.leaseSeconds ?? seconds))
    }

    private func keep(
        _ envelope: Envelope, _ answer: RunAnswer, _ run: AdmittedRun, _ admission: RunAdmission
    ) async throws(Failure) {
        guard case .success(_, let indexPath) = envelope.outcome else { return }
        if let received = answer.received, !received.isEmpty {
            var outputs: [WorldPath: ReceivedArtifacts.Artifact] = [:]
            for (name, artifact) in received.outputs {
                outputs[try admission.writePrefix.path(of: name)] = artifact
            }
            let index = OutputIndex(envelope.outputs).bytes
            let execution = "/artifacts/execution/\(request.executionID)/"
            var documents = [try WorldPath(execution + "receipt.json"): receipt(of: envelope, answer, run)]
            // The processor may have named either place; both hold the index.
            documents[try WorldPath(indexPath)] = index
            documents[try WorldPath(execution + "outputs.json")] = index
            try await world.publish(Publication(outputs: outputs, documents: documents))
        }
        if usesMemo { try await world.record(envelope.json, for: run.context.memoKey, by: adapter.kind) }
    }

    /// What was run, from what, and what it used.
    private func receipt(of envelope: Envelope, _ answer: RunAnswer, _ run: AdmittedRun) -> [UInt8] {
        var receipt: [String: JSONValue] = [
            "execution_id": .string(request.executionID.description), "ref": .string(request.ref),
            "registry_snapshot": .string(request.registry.snapshotID), "memo_key": .string(run.context.memoKey),
            "env_fingerprint": .string(run.context.fingerprint), "attempt_idx": .integer(Int64(run.context.attempt)),
            "budget_reserved": ["usd_micro": .integer(Int64(run.context.reservedUSDMicro))],
        ]
        receipt["image_digest"] = envelope.meta["image_digest"]
        receipt["duration_ms"] = envelope.meta["duration_ms"]
        receipt["usage"] = answer.usage ?? envelope.meta["usage"]
        return Array(JSONValue.object(receipt).compact.utf8)
    }

    /// A recorded envelope, marked as one.
    private static func memo(_ json: JSONValue) -> Envelope? {
        guard let id = json["execution_id"]?.stringValue.flatMap({ try? ExecutionID($0) }),
            let envelope = try? Envelope(reading: json, of: id)
        else { return nil }
        var meta = envelope.meta
        meta["memo"] = "hit"
        return Envelope(executionID: id, outcome: envelope.outcome, meta: meta)
    }
}

package import DeploymentModel

/// Tests again what runs. What passes has fresh evidence; what fails loses it, so that it is not promoted.
package struct Verification: Sendable {
    private let smoke: any SmokeTester
    private let run: String
    private let log: EventLog
    private let now: @Sendable () -> Int

    /// - Parameters:
    ///   - run: the id of the run, for execution ids.
    ///   - now: seconds since 1970.
    package init(smoke: any SmokeTester, run: String, log: EventLog, now: @escaping @Sendable () -> Int) {
        self.smoke = smoke
        self.run = run
        self.log = log
        self.now = now
    }

    /// Runs again every test that what is applied has passed, and the mock smoke where it runs.
    ///
    /// - Parameter processor: as its spec is at the applied revision.
    /// - Returns: the record with what came of it, and the first failure.
    package func verify(
        _ processor: Processor, _ record: RefRecord, platform: Platform
    ) async -> (record: RefRecord, failure: Failure?) {
        guard let applied = record.applied, let image = applied.pins[platform], let digest = image.digest else {
            let failure = Failure(
                .functionNotFound, "nothing of \(record.ref) was ever applied", remedy: "Bring it up: pinion reconcile")
            log.add(record.ref, .smoke, .failed(failure))
            return (record, failure)
        }
        let name = record.binding.flatMap { binding in
            binding.function.map { FunctionName(app: binding.name, function: $0) }
        }
        let standard = Evidence(
            digest: digest, platform: platform, specHash: applied.specHash, adapter: name == nil ? "local" : "modal",
            mode: "mock", transport: processor.api.transport, testedAt: now())
        let known = record.evidence.filter {
            $0.digest == digest && $0.specHash == applied.specHash && $0.platform == platform
        }
        var evidence = record.evidence.filter { !known.contains($0) }
        var failure: Failure?
        for proof in known.filter({ !$0.isOfSameKind(as: standard) }) + [standard] {
            do throws(Failure) {
                try await test(proof, processor, image, name)
                evidence.append(proof.renewed(at: now()))
            } catch { failure = failure ?? error }
        }
        return (record.proven(by: evidence), failure)
    }

    private func test(
        _ proof: Evidence, _ processor: Processor, _ image: ImageReference, _ name: FunctionName?
    ) async throws(Failure) {
        let isProbe = proof.mode == Evidence.probe
        let step: RunEvent.Step = isProbe ? .probe : .smoke
        let place: SmokeRequest.Place = if proof.adapter == "modal", let name { .modal(name) } else { .local }
        let request = SmokeRequest(
            processor: processor, image: image, platform: proof.platform,
            executionID: "verify-\(run)-\(processor.ref.refSlug)", place: place)
        log.add(processor.ref, step, .started)
        do throws(Failure) {
            if isProbe {
                try await smoke.probe(request)
            } else {
                _ = try await smoke.smoke(request) { text in log.add(processor.ref, step, .log(text)) }
            }
            log.add(processor.ref, step, .finished("\(proof.adapter), \(proof.transport.rawValue), passed again"))
        } catch {
            log.add(processor.ref, step, .failed(error))
            throw error
        }
    }
}

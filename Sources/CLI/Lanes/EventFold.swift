import DeploymentModel
import Reconciliation
import RegistryCatalog
import Synchronization

/// The events of a run, as they come.
final class EventTape: Sendable {
    private let all = Mutex<[RunEvent]>([])

    var events: [RunEvent] { all.withLock { $0 } }

    /// Shows an event and keeps it.
    func recording(_ show: @escaping @Sendable (RunEvent) -> Void) -> @Sendable (RunEvent) -> Void {
        { event in
            if case .log = event.kind {} else { self.all.withLock { $0.append(event) } }
            show(event)
        }
    }
}

/// The events of a run, told by the steps of a lane.
struct EventFold {
    private let events: [RunEvent]
    /// The refs that are not tested on this host, so that their only smoke test is that of what is deployed.
    var firstSmokeIsDeployed: Set<ProcessorRef> = []

    init(_ events: [RunEvent]) { self.events = events }

    /// What came of a step, without its problems.
    func entry(for step: LaneStep) -> LaneReport.Step {
        let own = events(of: step)
        let finished = own.count { if case .finished = $0.kind { true } else { false } }
        let failed = own.count { if case .failed = $0.kind { true } else { false } }
        let left = events.compactMap { event -> (steps: [RunEvent.Step], isInterrupted: Bool)? in
            switch event.kind {
            case .skipped(let steps): (steps, false)
            case .interrupted(let steps): (steps, true)
            default: nil
            }
        }.filter { left in left.steps.contains { Self.kinds[$0] == step.kind } }
        let (state, text): (LaneReport.State, String) =
            if failed > 0 {
                (.failed, "\(failed) failed" + (finished > 0 ? ", \(finished) done" : ""))
            } else if left.contains(where: \.isInterrupted) {
                (.failed, "interrupted" + (finished > 0 ? ", \(finished) done" : ""))
            } else if finished > 0 {
                (.passed, "\(finished) done")
            } else if !left.isEmpty {
                (.skipped, "because an earlier step failed")
            } else if step.kind == .push {
                (.passed, events(of: .build([])).isEmpty ? "nothing to do" : "with the build")
            } else {
                (.passed, "nothing to do")
            }
        var entry = LaneReport.Step(step, state, text)
        if let first = own.first?.time, let last = own.last?.time { entry.seconds = last - first }
        return entry
    }

    /// The processors that something else was done with than testing them.
    var changed: [ProcessorRef] {
        let refs = events.compactMap { event -> ProcessorRef? in
            guard case .finished = event.kind, ![.smoke, .probe].contains(event.step) else { return nil }
            return event.ref
        }
        return Set(refs).sorted()
    }

    func failures(of step: LaneStep) -> [(ref: ProcessorRef?, failure: Failure)] {
        events(of: step).compactMap { event in
            if case .failed(let failure) = event.kind { (event.ref, failure) } else { nil }
        }
    }

    /// Every smoke test and probe that came to an end.
    var tests: [LaneReport.Test] {
        var starts: [ProcessorRef: Double] = [:]
        var counts: [ProcessorRef: Int] = [:]
        return events.compactMap { event in
            guard let ref = event.ref, event.step == .smoke || event.step == .probe else { return nil }
            let failure: Failure?
            switch event.kind {
            case .started:
                starts[ref] = event.time
                return nil
            case .finished: failure = nil
            case .failed(let reason): failure = reason
            case .log, .warning, .skipped, .interrupted: return nil
            }
            let number = counts[ref, default: 0]
            if event.step == .smoke { counts[ref] = number + 1 }
            let isDeployed = event.step == .smoke && isOfDeployed(number, ref)
            return LaneReport.Test(
                ref: ref, name: event.step == .smoke ? .smoke : .probe, adapter: isDeployed ? .modal : .local,
                seconds: event.time - (starts[ref] ?? event.time), failure: failure)
        }
    }

    private static let kinds: [RunEvent.Step: LaneStep.Kind] = [
        .sync: .syncSecrets, .rollover: .deploy, .build: .build, .push: .push, .pin: .pin, .smoke: .smoke,
        .probe: .probe, .deploy: .deploy, .remove: .deploy, .record: .record,
    ]

    /// Without the claims that something is left out.
    private func events(of step: LaneStep) -> [RunEvent] {
        let place: LaneStep.SmokePlace? = if case .smoke(let place, _) = step { place } else { nil }
        var counts: [ProcessorRef: Int] = [:]
        return events.filter { event in
            switch event.kind {
            case .skipped, .interrupted: return false
            default: break
            }
            guard Self.kinds[event.step] == step.kind else { return false }
            guard let place, let ref = event.ref else { return true }
            if case .started = event.kind { counts[ref, default: 0] += 1 }
            return isOfDeployed(counts[ref, default: 1] - 1, ref) == (place == .modal)
        }
    }

    private func isOfDeployed(_ number: Int, _ ref: ProcessorRef) -> Bool {
        number > 0 || firstSmokeIsDeployed.contains(ref)
    }
}

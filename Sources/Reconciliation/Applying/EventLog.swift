package import DeploymentModel
import Synchronization

/// Collects the events of a run and hands each one on as it happens.
package final class EventLog: Sendable {
    private let events = Mutex<[RunEvent]>([])
    private let clock: @Sendable () -> Double
    private let journal: (any Journal)?
    private let observer: @Sendable (RunEvent) -> Void

    /// - Parameters:
    ///   - clock: seconds since the run began.
    ///   - journal: has it on disk that a step begins before it does.
    ///   - observer: gets each event once, one at a time.
    package init(
        clock: @escaping @Sendable () -> Double, journal: (any Journal)? = nil,
        observer: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.clock = clock
        self.journal = journal
        self.observer = observer
    }

    package func add(_ ref: ProcessorRef?, _ step: RunEvent.Step, platform: Platform? = nil, _ kind: RunEvent.Kind) {
        let event = RunEvent(ref: ref, step: step, platform: platform, kind: kind, time: clock())
        if let journal, let entry = JournalEntry(event) { journal.write(entry) }
        // The observer runs under the lock, so that lines of parallel steps never mix.
        events.withLock { events in
            if case .log = event.kind {} else { events.append(event) }
            observer(event)
        }
    }

    package var all: [RunEvent] { events.withLock { $0 } }
}

extension JournalEntry {
    /// `nil` for what is no step's beginning or end.
    init?(_ event: RunEvent) {
        let (kind, text): (Kind, String?)
        switch event.kind {
        case .started: (kind, text) = (.intent, nil)
        case .finished(let outcome): (kind, text) = (.done, outcome)
        case .failed(let failure): (kind, text) = (.failed, failure.description)
        case .log, .warning, .skipped, .interrupted: return nil
        }
        self.init(
            kind, step: event.step.rawValue, ref: event.ref, platform: event.platform, text: text, time: event.time)
    }
}

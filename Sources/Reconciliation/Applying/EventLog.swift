package import DeploymentModel
import Synchronization

/// Collects the events of a run and hands each one on as it happens.
package final class EventLog: Sendable {
    private let events = Mutex<[RunEvent]>([])
    private let clock: @Sendable () -> Double
    private let observer: @Sendable (RunEvent) -> Void

    /// - Parameters:
    ///   - clock: seconds since the run began.
    ///   - observer: gets each event once, one at a time.
    package init(clock: @escaping @Sendable () -> Double, observer: @escaping @Sendable (RunEvent) -> Void) {
        self.clock = clock
        self.observer = observer
    }

    package func add(_ ref: ProcessorRef?, _ step: RunEvent.Step, platform: Platform? = nil, _ kind: RunEvent.Kind) {
        let event = RunEvent(ref: ref, step: step, platform: platform, kind: kind, time: clock())
        // The observer runs under the lock, so that lines of parallel steps never mix.
        events.withLock { events in
            if case .log = event.kind {} else { events.append(event) }
            observer(event)
        }
    }

    package var all: [RunEvent] { events.withLock { $0 } }
}

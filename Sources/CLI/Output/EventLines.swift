import DeploymentModel
import Reconciliation
import Synchronization

/// The events of a run as lines, in the order in which they happen; what is over has in front how long it took.
struct EventLines {
    private let style: Style
    private let verbosity: Verbosity
    private let steps = Steps()

    init(style: Style, _ verbosity: Verbosity) {
        self.style = style
        self.verbosity = verbosity
    }

    /// `nil` for what is shown in more verbose runs only.
    func line(_ event: RunEvent) -> String? {
        let step = event.platform.map { "\(event.step.rawValue) \($0.oci)" } ?? event.step.rawValue
        let name = event.ref.map { style.bold($0.description) + "  " } ?? ""
        let head = "\(style.dim(steps.took(event).map(Self.seconds) ?? Self.noTime))  "
        switch event.kind {
        case .started:
            let isShown = verbosity == .verbose || (verbosity == .normal && event.step == .build)
            return isShown ? head + style.dim("· ") + name + style.dim(step) : nil
        case .log(let text):
            return verbosity == .verbose
                ? head + style.dim("  \(event.ref.map { "\($0) " } ?? "")\(step) | \(text.printable)") : nil
        case .warning(let text): return head + style.yellow("! ") + name + step + "  " + text.printable
        case .finished(let text):
            return verbosity == .quiet ? nil : head + style.green("✓ ") + name + step + style.dim("  \(text.printable)")
        case .failed(let failure):
            return head + style.red("✗ ") + name + step + "\n"
                + text(of: failure, event)
        case .skipped(let steps):
            let names = steps.map(\.rawValue).joined(separator: ", ")
            return head + style.yellow("- ") + name + style.dim("\(names) skipped, because \(step) failed")
        case .interrupted(let steps):
            let names = steps.map(\.rawValue).joined(separator: ", ")
            return head + style.yellow("- ") + name + style.dim("\(names) not done: interrupted")
        }
    }

    private func text(of failure: Failure, _ event: RunEvent) -> String {
        let isRepeated = event.step == .build && !steps.isFirstFailedBuild(event.ref)
        let shown = isRepeated ? Failure(failure.code, failure.message) : failure
        return FailureText(shown, style: style, indent: "          ").text
    }

    private static let noTime = "      "

    /// `  3.2s`, right-aligned.
    static func seconds(_ time: Double) -> String {
        let tenths = Int((time * 10).rounded())
        let text = "\(tenths / 10).\(tenths % 10)s"
        return String(repeating: " ", count: max(0, 6 - text.count)) + text
    }
}

/// What has begun and what has failed so far.
private final class Steps: Sendable {
    private struct Key: Hashable {
        let ref: ProcessorRef?
        let step: RunEvent.Step
        let platform: Platform?
    }

    private let starts = Mutex<[Key: Double]>([:])
    /// Both platforms of a build tend to fail alike: the second one's output is not shown again.
    private let failed = Mutex<Set<ProcessorRef?>>([])

    /// How long a step took that is over, in seconds.
    func took(_ event: RunEvent) -> Double? {
        let key = Key(ref: event.ref, step: event.step, platform: event.platform)
        switch event.kind {
        case .started:
            starts.withLock { $0[key] = event.time }
            return nil
        case .finished, .failed: return starts.withLock { $0.removeValue(forKey: key) }.map { event.time - $0 }
        case .log, .warning, .skipped, .interrupted: return nil
        }
    }

    func isFirstFailedBuild(_ ref: ProcessorRef?) -> Bool { failed.withLock { $0.insert(ref).inserted } }
}

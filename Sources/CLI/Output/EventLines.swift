import DeploymentModel
import Reconciliation

/// The events of a run as lines, in the order in which they happen.
struct EventLines {
    private let style: Style
    private let isVerbose: Bool

    init(style: Style, isVerbose: Bool) {
        self.style = style
        self.isVerbose = isVerbose
    }

    /// `nil` for what is shown in verbose runs only.
    func line(_ event: RunEvent) -> String? {
        let step = event.platform.map { "\(event.step.rawValue) \($0.oci)" } ?? event.step.rawValue
        let name = event.ref.map { style.bold($0.description) + "  " } ?? ""
        let head = "\(style.dim(Self.seconds(event.time)))  "
        switch event.kind {
        case .started: return isVerbose || event.step == .build ? head + style.dim("· ") + name + style.dim(step) : nil
        case .log(let text):
            return isVerbose ? head + style.dim("  \(event.ref.map { "\($0) " } ?? "")\(step) | \(text)") : nil
        case .finished(let text): return head + style.green("✓ ") + name + step + style.dim("  \(text)")
        case .failed(let failure):
            return head + style.red("✗ ") + name + step + "\n"
                + FailureText(failure, style: style, indent: "          ").text
        case .skipped(let reason): return head + style.yellow("- ") + name + step + style.dim("  skipped: \(reason)")
        }
    }

    /// `  3.2s`, right-aligned.
    static func seconds(_ time: Double) -> String {
        let tenths = Int((time * 10).rounded())
        let text = "\(tenths / 10).\(tenths % 10)s"
        return String(repeating: " ", count: max(0, 6 - text.count)) + text
    }
}

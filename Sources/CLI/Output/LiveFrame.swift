import DeploymentModel
import Reconciliation

/// What is under way in a run: folds events, and gives the lines that show it at a moment.
struct LiveFrame {
    private struct Key: Hashable {
        let ref: ProcessorRef?
        let step: RunEvent.Step
        let platform: Platform?

        var name: String { platform.map { "\(step.rawValue) \($0.oci)" } ?? step.rawValue }
    }

    private struct Action {
        let key: Key
        let start: Double
        /// The last line that it said.
        var last = ""
    }

    /// In the order in which they began.
    private var actions: [Action] = []
    private var done = 0
    private var failed = 0

    mutating func note(_ event: RunEvent) {
        let key = Key(ref: event.ref, step: event.step, platform: event.platform)
        switch event.kind {
        case .started:
            actions.removeAll { $0.key == key }
            actions.append(Action(key: key, start: event.time))
        case .log(let text):
            guard let index = actions.lastIndex(where: { $0.key == key }) else { return }
            let line = text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
            if let line { actions[index].last = String(line) }
        case .finished:
            actions.removeAll { $0.key == key }
            done += 1
        case .failed:
            actions.removeAll { $0.key == key }
            failed += 1
        case .warning, .skipped, .interrupted: break
        }
    }

    /// One line an action, the longest under way first, as far as they fit; and a line that sums up.
    ///
    /// - Parameters:
    ///   - time: seconds since the run began.
    ///   - width: columns of the terminal; no line has more.
    ///   - height: how many lines there may be, two at least.
    func lines(at time: Double, width: Int, height: Int, style: Style) -> [String] {
        let room = max(1, height - 1)
        let shown = actions.count > room ? actions.prefix(room - 1) : actions[...]
        let names = shown.map { $0.key.ref?.description ?? "" }
        let nameWidth = names.map(\.count).max() ?? 0
        let stepWidth = shown.map { $0.key.name.count }.max() ?? 0
        let spinner = Self.spinner[Int(time * 10) % Self.spinner.count]
        var lines = zip(shown, names).map { action, name in
            let seconds = EventLines.seconds(max(0, time - action.start))
            let head = "\(name.padded(nameWidth))  \(action.key.name.padded(stepWidth)) \(seconds)".fitted(width - 3)
            let tail = action.last.printable.fitted(max(0, width - head.columns - 5))
            return style.cyan(spinner) + " " + head + (tail.isEmpty ? "" : "  " + style.dim(tail))
        }
        if shown.count < actions.count {
            lines.append(style.dim("  and \(actions.count - shown.count) more".fitted(width - 1)))
        }
        let failures = failed == 0 ? "" : ", " + style.red("\(failed) failed")
        let seconds = EventLines.seconds(time).drop { $0 == " " }
        lines.append("  \(counted(done, "step")) done\(failures) \(style.dim("· \(seconds)"))")
        return lines
    }

    private static let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
}

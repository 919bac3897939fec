import DeploymentModel
import Reconciliation
import Synchronization

/// How much of what happens is shown, beside the result.
enum Verbosity: Sendable {
    /// What is odd or failed alone.
    case quiet
    case normal
    /// The output of builds and processors too.
    case verbose
}

/// Shows the events of a run: in a terminal what is under way, redrawn in place, above it the lines of what is over; elsewhere
/// the lines alone.
struct EventDisplay: Sendable {
    let verbosity: Verbosity
    private let style: Style
    private let lines: EventLines
    private let isLive: Bool

    init(_ verbosity: Verbosity) {
        self.verbosity = verbosity
        style = .standardError
        lines = EventLines(style: style, verbosity)
        isLive = verbosity != .quiet && Terminal.standardError.isLive
    }

    /// Runs something that tells of what it does.
    func showing<Value: Sendable>(
        _ body: (@escaping @Sendable (RunEvent) -> Void) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard isLive else { return try await body { show($0) } }
        let frame = LivePicture(style)
        let drawing = Task {
            while !Task.isCancelled {
                frame.draw()
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
        defer {
            drawing.cancel()
            frame.end()
        }
        return try await body { event in
            frame.note(event)
            show(event)
        }
    }

    /// Shows one event as a line, if it has one.
    func show(_ event: RunEvent) { if let line = lines.line(event) { Output.note(line) } }
}

/// What is under way, at the bottom of the terminal.
private final class LivePicture: Sendable {
    private struct State {
        var frame = LiveFrame()
        /// When the run began; `nil` before its first event.
        var start: ContinuousClock.Instant?
        var isOver = false
    }

    private let state = Mutex(State())
    private let style: Style

    init(_ style: Style) { self.style = style }

    func note(_ event: RunEvent) {
        state.withLock { state in
            if state.start == nil { state.start = ContinuousClock.now - .seconds(event.time) }
            state.frame.note(event)
        }
    }

    func draw() {
        state.withLock { state in
            guard !state.isOver, let start = state.start else { return }
            let size = Terminal.standardError.size
            let time = (ContinuousClock.now - start) / .seconds(1)
            Output.live(
                state.frame.lines(at: time, width: size.columns, height: max(2, min(12, size.rows / 2)), style: style))
        }
    }

    func end() {
        state.withLock { state in
            state.isOver = true
            Output.live([])
        }
    }
}

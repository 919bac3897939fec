import DeploymentModel
@preconcurrency import Dispatch
import FoundationEssentials
import Synchronization
import SystemPackage

/// The two streams: stdout carries the result alone, stderr everything else.
///
/// One thread writes, in the order in which it is told: who tells of something does not wait for a reader that has stopped, as
/// a terminal does at Ctrl-S.
enum Output {
    /// A document: as it is, whatever reads it.
    static func result(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// A text for people: on a terminal in lines that fit it.
    static func view(_ text: String) { result(text.wrapped(Terminal.standardOutput.width)) }

    /// A value as a document, or as a text for people.
    static func show(
        _ value: some Encodable, asJSON: Bool, _ text: @autoclosure () -> String
    ) throws(Failure) {
        if asJSON { result(try JSONText(value).text) } else { view(text()) }
    }

    /// A piece of a text that goes on, as it is.
    static func piece(_ text: String) { write(text, to: .standardOutput) }

    static func note(_ text: String) {
        write(text.wrapped(Terminal.standardError.width) + "\n", to: .standardError)
    }

    /// Lines for GitHub's runner, which does what they say. It reads them on stderr, too.
    static func commands(_ lines: [String], asResult: Bool = false) {
        if lines.contains(where: { $0.hasPrefix("::error ") }) { told.withLock { $0 = true } }
        let text = lines.map { $0 + "\n" }.joined()
        enqueue(text.utf8.count) { _ in
            _ = try? (asResult ? FileDescriptor.standardOutput : .standardError).writeAll(text.utf8)
        }
    }

    /// Whether the runner has got an error to show.
    static var hasToldOfError: Bool { told.withLock { $0 } }
    private static let told = Mutex(false)

    /// A question, to be answered on the same line.
    static func prompt(_ text: String) { write(text, to: .standardError) }

    /// Takes lines that only some want to see.
    static func details(areShown: Bool) -> @Sendable (String) -> Void {
        { line in if areShown { note(line) } }
    }

    /// Draws lines at the bottom of the terminal in place of those that were drawn last; what is written otherwise goes above
    /// them. For a terminal alone, and for lines that fit its width. Where the last picture still waits, there is none.
    static func live(_ lines: [String]) {
        guard lines.isEmpty || waiting.withLock({ $0 }) == 0 else { return }
        enqueue(1) { screen in
            guard lines != screen.drawn else { return }
            let text = erasure(of: screen.drawn) + lines.map { $0 + "\n" }.joined()
            screen.drawn = lines
            _ = try? FileDescriptor.standardError.writeAll(text.utf8)
        }
    }

    /// Waits until all is written; to be called before the process ends.
    static func flush() { queue.sync {} }

    /// What the writing thread knows.
    private struct Screen {
        /// The lines at the bottom of the terminal.
        var drawn: [String] = []
        var log = WorkflowLog()
    }

    /// Taken by the writing thread alone.
    private static let screen = Mutex(Screen())
    private static let queue = DispatchQueue(label: "dev.pinion.output")

    /// Bytes that wait to be written. From the limit on, who writes waits too.
    private static let waiting = Mutex(0)
    private static let limit = 8 << 20

    private static let isWorkflow = ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true"

    private static func enqueue(_ bytes: Int, _ work: @escaping @Sendable (inout Screen) -> Void) {
        let isFull = waiting.withLock { waiting in
            waiting += bytes
            return waiting > limit
        }
        queue.async { @Sendable in
            screen.withLock { work(&$0) }
            waiting.withLock { $0 -= bytes }
        }
        if isFull { flush() }
    }

    /// To the start of the first of them, and everything below gone.
    private static func erasure(of lines: [String]) -> String {
        lines.isEmpty ? "" : "\u{1B}[\(lines.count)A\u{1B}[J"
    }

    /// What a reader that has gone away misses is no error of ours.
    private static func write(_ text: String, to file: FileDescriptor) {
        enqueue(text.utf8.count) { screen in
            let text = isWorkflow ? screen.log.text(text, to: file == .standardOutput ? .output : .error) : text
            guard !screen.drawn.isEmpty else {
                _ = try? file.writeAll(text.utf8)
                return
            }
            _ = try? FileDescriptor.standardError.writeAll(erasure(of: screen.drawn).utf8)
            _ = try? file.writeAll(text.utf8)
            // A line that goes on has nothing below it.
            screen.drawn = text.hasSuffix("\n") ? screen.drawn : []
            _ = try? FileDescriptor.standardError.writeAll(screen.drawn.map { $0 + "\n" }.joined().utf8)
        }
    }
}

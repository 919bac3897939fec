import FoundationEssentials
import Synchronization
import SystemPackage

/// The two streams: stdout carries the result alone, stderr everything else.
enum Output {
    static func result(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// A piece of a text that goes on, as it is.
    static func piece(_ text: String) { write(text, to: .standardOutput) }

    static func note(_ text: String) { write(text + "\n", to: .standardError) }

    /// Lines for GitHub's runner, which does what they say. It reads them on stderr, too.
    static func commands(_ lines: [String], asResult: Bool = false) {
        let text = lines.map { $0 + "\n" }.joined()
        _ = try? (asResult ? FileDescriptor.standardOutput : .standardError).writeAll(text.utf8)
    }

    private static let isWorkflow = ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true"

    /// A question, to be answered on the same line.
    static func prompt(_ text: String) { write(text, to: .standardError) }

    /// Takes lines that only some want to see.
    static func details(areShown: Bool) -> @Sendable (String) -> Void {
        { line in if areShown { note(line) } }
    }

    /// Draws lines at the bottom of the terminal in place of those that were drawn last; what is written otherwise goes above
    /// them. For a terminal alone, and for lines that fit its width.
    static func live(_ lines: [String]) {
        drawn.withLock { drawn in
            guard lines != drawn else { return }
            let text = erasure(of: drawn) + lines.map { $0 + "\n" }.joined()
            drawn = lines
            _ = try? FileDescriptor.standardError.writeAll(text.utf8)
        }
    }

    /// The lines at the bottom of the terminal.
    private static let drawn = Mutex<[String]>([])

    /// To the start of the first of them, and everything below gone.
    private static func erasure(of lines: [String]) -> String {
        lines.isEmpty ? "" : "\u{1B}[\(lines.count)A\u{1B}[J"
    }

    /// What a reader that has gone away misses is no error of ours.
    private static func write(_ text: String, to file: FileDescriptor) {
        let text = isWorkflow ? WorkflowLog(text).text : text
        drawn.withLock { drawn in
            guard !drawn.isEmpty else {
                _ = try? file.writeAll(text.utf8)
                return
            }
            _ = try? FileDescriptor.standardError.writeAll(erasure(of: drawn).utf8)
            _ = try? file.writeAll(text.utf8)
            // A line that goes on has nothing below it.
            drawn = text.hasSuffix("\n") ? drawn : []
            _ = try? FileDescriptor.standardError.writeAll(drawn.map { $0 + "\n" }.joined().utf8)
        }
    }
}

import Adapters
import Synchronization

/// What a processor tells, as it comes: tokens as pieces of one text on stdout, everything else as lines on stderr.
final class LiveText: Sendable {
    private let style: Style
    /// Whether tokens have left a line without its end.
    private let isOpen = Mutex(false)

    init(style: Style) { self.style = style }

    func show(_ event: ProcessorEvent) {
        if case .token(let text) = event {
            Output.piece(text.printable)
            isOpen.withLock { $0 = !text.hasSuffix("\n") }
        } else {
            endLine()
            Output.note(style.dim(event.text.printable))
        }
    }

    /// Ends the line that tokens have left open.
    func endLine() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { Output.piece("\n") }
    }
}

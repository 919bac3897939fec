@preconcurrency import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The keys that are pressed, one by one and unseen; Ctrl-C and its like mean what they always do.
final class TerminalKeys: Sendable {
    private struct State {
        /// How the terminal was; `nil` once it is so again.
        var before: termios?
        /// Whether the terminal is another process's now: who reads in the background is stopped.
        var isWaiting = false
    }

    let pressed: AsyncStream<Character>
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "dev.pinion.keys")
    private let source: any DispatchSourceRead
    /// Tells when the process goes on after it was stopped.
    private let continued: any DispatchSourceSignal

    /// `nil` where stdin is no terminal, or belongs to another process now.
    init?() {
        var modes = termios()
        guard isatty(STDIN_FILENO) == 1, Self.isInForeground, tcgetattr(STDIN_FILENO, &modes) == 0
        else { return nil }
        state = Mutex(State(before: modes))
        let (pressed, key) = AsyncStream.makeStream(of: Character.self)
        self.pressed = pressed
        source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
        // Ctrl-Z gives the terminal to the shell, which sets it up for itself.
        continued = DispatchSource.makeSignalSource(signal: SIGCONT, queue: queue)
        source.setEventHandler { @Sendable [self] in
            guard Self.isInForeground else { return look() }
            var byte: UInt8 = 0
            if read(STDIN_FILENO, &byte, 1) == 1 {
                key.yield(Character(Unicode.Scalar(byte)))
            } else {
                source.cancel()
            }
        }
        source.setCancelHandler { @Sendable in key.finish() }
        continued.setEventHandler { @Sendable [self] in look() }
        look()
        source.resume()
        continued.resume()
    }

    private static var isInForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    /// Sets the terminal up for single keys that nobody sees. In the background, where that stops a process, it waits until
    /// the terminal is its own again, which a shell tells nobody who runs already; one that has gone away has no keys.
    ///
    /// - Parameter again: whether it has waited.
    private func look(again: Bool = false) {
        state.withLock { state in
            guard var modes = state.before, state.isWaiting == again else { return }
            switch tcgetpgrp(STDIN_FILENO) {
            case getpgrp():
                modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
                withUnsafeMutableBytes(of: &modes.c_cc) { characters in
                    characters[Int(VMIN)] = 1
                    characters[Int(VTIME)] = 0
                }
                tcsetattr(STDIN_FILENO, TCSANOW, &modes)
                listen(&state)
            case -1:
                source.cancel()
                listen(&state)
            default:
                if !state.isWaiting { source.suspend() }
                state.isWaiting = true
                queue.asyncAfter(deadline: .now() + 0.5) { @Sendable [self] in look(again: true) }
            }
        }
    }

    private func listen(_ state: inout State) {
        if state.isWaiting { source.resume() }
        state.isWaiting = false
    }

    /// Makes the terminal what it was.
    func restore() {
        continued.cancel()
        source.cancel()
        state.withLock { state in
            guard var modes = state.before else { return }
            if Self.isInForeground { tcsetattr(STDIN_FILENO, TCSANOW, &modes) }
            state.before = nil
            listen(&state)
        }
    }
}

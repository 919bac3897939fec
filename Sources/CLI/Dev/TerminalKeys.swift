@preconcurrency import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The keys that are pressed, one by one and unseen; Ctrl-C and its like mean what they always do.
final class TerminalKeys: Sendable {
    let pressed: AsyncStream<Character>
    private let source: any DispatchSourceRead
    /// Tells when the process goes on after it was stopped.
    private let continued: any DispatchSourceSignal
    /// How the terminal was; `nil` once it is so again.
    private let before: Mutex<termios?>

    /// `nil` where stdin is no terminal, or belongs to another process now.
    init?() {
        var modes = termios()
        guard isatty(STDIN_FILENO) == 1, Self.isInForeground, tcgetattr(STDIN_FILENO, &modes) == 0
        else { return nil }
        before = Mutex(modes)
        Self.take(modes)
        let (pressed, key) = AsyncStream.makeStream(of: Character.self)
        self.pressed = pressed
        source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        let source = source
        source.setEventHandler { @Sendable in
            // Who reads in the background is stopped.
            guard Self.isInForeground else { return }
            var byte: UInt8 = 0
            if read(STDIN_FILENO, &byte, 1) == 1 {
                key.yield(Character(Unicode.Scalar(byte)))
            } else {
                source.cancel()
            }
        }
        source.setCancelHandler { @Sendable in key.finish() }
        source.resume()
        // Ctrl-Z gives the terminal to the shell, which sets it up for itself.
        continued = DispatchSource.makeSignalSource(signal: SIGCONT, queue: .global())
        let original = modes
        continued.setEventHandler { @Sendable in Self.take(original) }
        continued.resume()
    }

    private static var isInForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    /// Sets the terminal up for single keys that nobody sees; not from the background, where that stops a process.
    private static func take(_ modes: termios) {
        guard isInForeground else { return }
        var modes = modes
        modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &modes.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }

    /// Makes the terminal what it was.
    func restore() {
        continued.cancel()
        before.withLock { before in
            guard var modes = before else { return }
            if Self.isInForeground { tcsetattr(STDIN_FILENO, TCSANOW, &modes) }
            before = nil
        }
        source.cancel()
    }
}

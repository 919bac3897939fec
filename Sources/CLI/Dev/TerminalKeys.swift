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
    /// How the terminal was; `nil` once it is so again.
    private let before: Mutex<termios?>

    /// `nil` where stdin is no terminal, or belongs to another process now.
    init?() {
        var modes = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp(), tcgetattr(STDIN_FILENO, &modes) == 0
        else { return nil }
        before = Mutex(modes)
        modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &modes.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
        let (pressed, key) = AsyncStream.makeStream(of: Character.self)
        self.pressed = pressed
        source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        let source = source
        source.setEventHandler { @Sendable in
            var byte: UInt8 = 0
            if read(STDIN_FILENO, &byte, 1) == 1 {
                key.yield(Character(Unicode.Scalar(byte)))
            } else {
                source.cancel()
            }
        }
        source.setCancelHandler { @Sendable in key.finish() }
        source.resume()
    }

    /// Makes the terminal what it was.
    func restore() {
        before.withLock { before in
            guard var modes = before else { return }
            tcsetattr(STDIN_FILENO, TCSANOW, &modes)
            before = nil
        }
        source.cancel()
    }
}

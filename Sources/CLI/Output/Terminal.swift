import FoundationEssentials
import SystemPackage

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What one of the standard streams is connected to.
struct Terminal: Sendable {
    let file: FileDescriptor

    static let standardOutput = Terminal(file: .standardOutput)
    static let standardError = Terminal(file: .standardError)

    var isTerminal: Bool { isatty(file.rawValue) == 1 }

    /// Claims that lines can be redrawn in place: a terminal that knows how, and no CI job, whose log is read later.
    var isLive: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isTerminal && environment["TERM"].map { $0 != "dumb" && !$0.isEmpty } ?? false
            && environment["CI"]?.isEmpty ?? true
    }

    /// Columns and rows; 80 and 24 where nobody says.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(file.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// The columns that a text should fit, `nil` for any number: a pipe has no width.
    var width: Int? { isTerminal ? size.columns : nil }
}

@preconcurrency import Dispatch
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A yes of the person at the terminal.
enum Confirmation {
    /// Asks, and takes nothing but `y` or `yes` for a yes. `nil` where there is nobody to ask: stdin or stderr is no terminal;
    /// and when the task is cancelled, which ends the waiting at once.
    static func ask(_ question: String) async -> Bool? {
        guard isatty(FileDescriptor.standardInput.rawValue) == 1, isatty(FileDescriptor.standardError.rawValue) == 1
        else { return nil }
        Output.prompt("\(question) [y/N] ")
        let (answers, answer) = AsyncStream.makeStream(of: String?.self)
        // A terminal has something to read once a line is whole.
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        source.setEventHandler { @Sendable in
            answer.yield(readLine())
            answer.finish()
        }
        source.resume()
        defer { source.cancel() }
        for await line in answers {
            let word = line?.lowercased().split(whereSeparator: \.isWhitespace).first
            return word == "y" || word == "yes"
        }
        return nil
    }
}

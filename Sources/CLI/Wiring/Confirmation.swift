import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A yes of the person at the terminal.
enum Confirmation {
    /// Asks, and takes nothing but `y` or `yes` for a yes. `nil` where there is nobody to ask: stdin or stderr is no terminal.
    static func ask(_ question: String) -> Bool? {
        guard isatty(FileDescriptor.standardInput.rawValue) == 1, isatty(FileDescriptor.standardError.rawValue) == 1
        else { return nil }
        Output.prompt("\(question) [y/N] ")
        let answer = readLine()?.lowercased().split(whereSeparator: \.isWhitespace).first
        return answer == "y" || answer == "yes"
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// This process.
enum Process {
    /// A reader that goes away gives an error where it is written to, and not the end of the process.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Keeps a value until the process ends: to take thousands of processors apart just before would cost time for nothing.
    static func keep<Value: Sendable>(_ value: Value) { _ = Unmanaged.passRetained(Kept(value)) }

    private final class Kept<Value: Sendable>: Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }
}

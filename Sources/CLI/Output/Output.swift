import SystemPackage

/// The two streams: stdout carries the result alone, stderr everything else.
enum Output {
    static func result(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// A piece of a text that goes on, as it is.
    static func piece(_ text: String) { write(text, to: .standardOutput) }

    static func note(_ text: String) { write(text + "\n", to: .standardError) }

    /// Takes lines that only some want to see.
    static func details(areShown: Bool) -> @Sendable (String) -> Void {
        { line in if areShown { note(line) } }
    }

    /// What a reader that has gone away misses is no error of ours.
    private static func write(_ text: String, to file: FileDescriptor) {
        _ = try? file.writeAll(text.utf8)
    }
}

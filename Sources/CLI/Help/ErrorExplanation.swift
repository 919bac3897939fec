import DeploymentModel

/// What an error code means: the one source of `pinion explain` and of the page of error codes.
struct ErrorExplanation {
    let code: ErrorCode
    /// What leads to it, as a sentence.
    let cause: String
    /// A command or a line of a file that leads to it.
    let example: String
    /// What to do, as sentences.
    let remedy: String

    /// Whether the example is a command.
    var isCommand: Bool { example.hasPrefix("pinion ") || example.contains(/^[A-Z_]+=\S+ pinion\b/) }

    init(_ code: ErrorCode) {
        self.code = code
        (cause, example, remedy) = Self.texts(code)
    }
}

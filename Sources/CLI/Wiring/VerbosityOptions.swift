import ArgumentParser

/// How much of what happens is shown; the same for every command that does something.
struct VerbosityOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show the output of builds and what processors say.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Show nothing but what is odd or failed, and the result.")
    var quiet = false

    func validate() throws {
        guard !(verbose && quiet) else { throw ValidationError("--verbose and --quiet exclude each other.") }
    }

    var display: EventDisplay { EventDisplay(quiet ? .quiet : verbose ? .verbose : .normal) }
}

/// What one run of a tool may take and leave. The kernel keeps those of processes, per process; a cgroup, which could
/// keep them for all of a run together, takes rights that few users have.
package struct ToolLimits: Hashable, Sendable {
    /// Private writable memory of one process.
    package var memoryBytes = 2 << 30
    /// Processes and threads at once.
    package var processes = 256
    package var openFiles = 1024
    /// The size of any file that it writes.
    package var fileBytes = 1 << 30
    /// Files below its outputs folder.
    package var outputFiles = 10_000
    /// All of them together.
    package var outputBytes: Int64 = 4 << 30
    /// The last line of stdout, which may hold the answer.
    package var answerBytes = 1 << 20
    /// A line of stderr; what is longer comes as several.
    package var logLineBytes = 16 << 10
    /// All that is handed on of stderr.
    package var logBytes = 16 << 20

    package init() {}

    /// The options of `prlimit` (util-linux).
    ///
    /// Address space is bounded too, because shared memory is not private; generously, because runtimes reserve much more
    /// than they use.
    ///
    /// - Parameters:
    ///   - seconds: the longest that the run may take; one process can use so much time on each processor.
    ///   - countsProcesses: not outside of a user namespace, where the kernel counts all processes of the user.
    func prlimitOptions(seconds: Int, processors: Int, countsProcesses: Bool) -> [String] {
        var options = [
            "--core=0", "--data=\(memoryBytes)", "--as=\(8 * memoryBytes)", "--fsize=\(fileBytes)",
            "--nofile=\(openFiles)", "--cpu=\(seconds * processors + 1)",
        ]
        if countsProcesses { options.append("--nproc=\(processes)") }
        return options
    }
}

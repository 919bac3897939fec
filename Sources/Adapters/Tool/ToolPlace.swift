import DeploymentModel
import FoundationEssentials

/// How a tool sees the folders that it is given, and how its process is started there.
struct ToolPlace: Sendable {
    /// The world, to be read only; `nil` where the store is elsewhere.
    let world: String?
    /// The repository's files.
    let files: String
    /// Where it runs and writes.
    let scratch: String
    /// For temporary files.
    let temporary: String
    /// What stands before the tool's own command line.
    let prefix: [String]
    /// Claims that the processes are in a process namespace of their own, which ends with the tool.
    let isSandboxed: Bool

    var contextFile: String { "\(scratch)/context.json" }

    /// The sandbox, where the same paths are there on every host.
    static func sandbox(_ sandbox: ToolSandbox, _ folders: ToolFolders, world: String?, files: String) -> ToolPlace {
        ToolPlace(
            world: world == nil ? nil : ToolSandbox.world, files: ToolSandbox.files, scratch: ToolSandbox.scratch,
            temporary: "/tmp", prefix: sandbox.commandLine(folders, world: world, files: files), isSandboxed: true)
    }

    /// This host itself, with nothing between the tool and what its user may do.
    ///
    /// - Parameter prlimit: the program that sets limits, where there is one.
    static func host(
        _ folders: ToolFolders, world: String?, files: String, limits: ToolLimits, seconds: Int, prlimit: String?
    ) -> ToolPlace {
        let options = limits.prlimitOptions(
            seconds: seconds, processors: ProcessInfo.processInfo.activeProcessorCount, countsProcesses: false)
        return ToolPlace(
            world: world, files: files, scratch: folders.scratch, temporary: folders.temporary,
            prefix: prlimit.map { [$0] + options + ["--"] } ?? [], isSandboxed: false)
    }

    /// The command line of a program of the repository.
    func commandLine(_ program: ToolProgram, _ flags: [String]) -> [String] {
        prefix + program.interpreter + ["\(files)/\(program.path)"] + flags
    }

    /// The environment of the tool: this, the secrets, and nothing of this process's own.
    ///
    /// Secrets come this way alone: arguments can be read by others.
    func environment(secrets: [String: String]) -> [String: String] {
        let own = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": scratch, "TMPDIR": temporary,
            "PINION_CONTEXT": contextFile,
        ]
        return secrets.merging(own) { _, own in own }
    }
}

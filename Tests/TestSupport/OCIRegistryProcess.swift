import FoundationEssentials

/// An OCI registry of its own on a free loopback port, empty at first: Debian's `docker-registry`. It ends with this value, or with
/// the process, and its data with it.
package final class OCIRegistryProcess: Sendable {
    /// As image references name it: `127.0.0.1:40001`.
    package let name: String
    private let folder: TemporaryFolder
    private let process: LeashedProcess

    /// The program; `nil` where registries run in containers alone. `make test` names it.
    package static var program: String? {
        ProcessInfo.processInfo.environment["PINION_OCI_PROGRAM"].flatMap { $0.isEmpty ? nil : $0 }
    }

    package init() throws {
        folder = try TemporaryFolder()
        let (script, log) = (folder.path + "/registry.py", folder.path + "/registry.log")
        try Data(Self.script.utf8).write(to: URL(filePath: script))
        try Data(
            """
            version: 0.1
            log: {level: info, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: "\(folder.path)/data"}, delete: {enabled: true}}
            http: {addr: "127.0.0.1:0"}
            """.utf8
        ).write(to: URL(filePath: folder.path + "/config.yml"))
        guard let program = Self.program else { throw CocoaError(.executableNotLoadable) }
        process = try LeashedProcess(
            "python3", ["-u", script, program, folder.path + "/config.yml"],
            variables: ProcessInfo.processInfo.environment, log: log)
        guard let port = Int(process.firstLine) else { throw CocoaError(.executableLoad) }
        name = "127.0.0.1:\(port)"
    }

    deinit { process.end() }

    /// Says the port that the registry logs, and ends it at the end of the input.
    private static let script = #"""
        import os, re, subprocess, sys, threading
        os.closerange(3, 256)
        registry = subprocess.Popen([sys.argv[1], "serve", sys.argv[2]], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        def read():
            for line in registry.stderr:
                sys.stderr.buffer.write(line)
                found = re.search(rb"listening on 127\.0\.0\.1:(\d+)", line)
                if found:
                    print(found[1].decode(), flush=True)
        threading.Thread(target=read, daemon=True).start()
        sys.stdin.read()
        registry.kill()
        registry.wait()
        """#
}

import FoundationEssentials
import TestSupport

/// A program `docker` that knows no buildx, first in the search path.
enum NoBuildx {
    /// Does something with an environment in which buildx is not to be found.
    static func with<Value>(_ body: ([String: String?]) async throws -> Value) async throws -> Value {
        let folder = try TestSupport.TemporaryFolder()
        let text = "#!/bin/sh\necho \"docker: 'buildx' is not a docker command.\" >&2\nexit 1\n"
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/docker"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path + "/docker")
        let search = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        let value = try await body(["PATH": search])
        withExtendedLifetime(folder) {}
        return value
    }
}

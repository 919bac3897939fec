import DeploymentModel
import FoundationEssentials
import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The folders of one run, in its stage: all that a tool can write to.
struct ToolFolders: Sendable {
    let stage: String
    var scratch: String { "\(stage)/scratch" }
    var temporary: String { "\(stage)/tmp" }
    /// What it has as `/dev/shm`: on disk, so that it is no memory that nobody counts.
    var shared: String { "\(stage)/shm" }

    /// Makes them, for others closed by their stage, with an empty `outputs` in the scratch.
    ///
    /// - Parameter owner: who the tool is, if not this user.
    init(in stage: String, owner: uid_t?) async throws(Failure) {
        self.stage = stage
        let folders = [scratch, "\(scratch)/outputs", temporary, shared]
        try await LocalWorld.blocking("no folders for a tool in \(stage)") {
            for folder in folders {
                guard mkdir(folder, 0o755) == 0, owner.map({ chown(folder, $0, $0) }) ?? 0 == 0 else {
                    throw IOError(errnoCode: errno, reason: "mkdir")
                }
            }
        }
    }

    /// Writes the context; the descriptor that is given back is the tool's stdin, and the caller's to close.
    func write(context: [UInt8]) async throws(Failure) -> CInt {
        let file = "\(scratch)/context.json"
        return try await LocalWorld.blocking("the context of a tool can't be written") {
            try Data(context).write(to: URL(filePath: file))
            guard chmod(file, 0o644) == 0 else { throw IOError(errnoCode: errno, reason: "chmod") }
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
            return descriptor
        }
    }

    /// Claims that any user may look into the folder.
    static func isReadableForAll(_ folder: String) -> Bool {
        var facts = stat()
        return stat(folder, &facts) == 0 && facts.st_mode & 0o005 == 0o005
    }

    /// The program that sets limits; `nil` where there is none, as on macOS.
    static var prlimit: String? {
        ["/usr/bin/prlimit", "/bin/prlimit"].first { access($0, X_OK) == 0 }
    }
}

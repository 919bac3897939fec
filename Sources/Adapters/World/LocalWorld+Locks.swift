package import DeploymentModel
import FoundationEssentials
import JSON
import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension LocalWorld {
    package func lock(_ prefix: String, for holder: String, seconds: Int) async throws(Failure) -> PathLock {
        let folder = "\(root)/locks"
        let token = String(UInt64.random(in: .min ... .max), radix: 16)
        let now = Int64(Date().timeIntervalSince1970)
        let entry = LockEntry(prefix: prefix, holder: holder, process: getpid(), expires: now + Int64(seconds))
        try await Self.blocking("\(prefix) can't be locked") {
            try Self.exclusively(in: folder) {
                for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".json") {
                    guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                        let other = LockEntry(reading: Array(bytes)), other.holds(at: now)
                    else {
                        unlink("\(folder)/\(name)")
                        continue
                    }
                    guard !other.prefix.hasPrefix(prefix), !prefix.hasPrefix(other.prefix) else {
                        throw Failure(
                            .lease, "\(other.holder) writes below \(other.prefix), so \(prefix) can't be locked",
                            remedy: "Wait until it is done, or use another write prefix.")
                    }
                }
                try Data(entry.json.compact.utf8).write(to: URL(filePath: "\(folder)/\(token).json"))
            }
        }
        return PathLock(prefix: prefix, token: token)
    }

    package func unlock(_ lock: PathLock) async {
        let file = "\(root)/locks/\(lock.token).json"
        await Self.always { unlink(file) }
    }

    /// Looking and locking are one step for all processes of this host.
    private static func exclusively<Value>(in folder: String, _ body: () throws -> Value) throws -> Value {
        let descriptor = open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
        // Closing gives the lock back.
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw IOError(errnoCode: errno, reason: "flock") }
        }
        return try body()
    }
}

/// Who has locked which prefix.
private struct LockEntry {
    let prefix: String
    let holder: String
    let process: pid_t
    /// Seconds since 1970.
    let expires: Int64

    init(prefix: String, holder: String, process: pid_t, expires: Int64) {
        self.prefix = prefix
        self.holder = holder
        self.process = process
        self.expires = expires
    }

    init?(reading bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), let prefix = json["prefix"]?.stringValue,
            let holder = json["holder"]?.stringValue,
            let process = json["process"]?.intValue.flatMap({ pid_t(exactly: $0) }),
            let expires = json["expires"]?.intValue
        else { return nil }
        self.init(prefix: prefix, holder: holder, process: process, expires: expires)
    }

    var json: JSONValue {
        [
            "prefix": .string(prefix), "holder": .string(holder), "process": .integer(Int64(process)),
            "expires": .integer(expires),
        ]
    }

    /// A lock ends with its time, and with its holder's process.
    func holds(at now: Int64) -> Bool { expires > now && (kill(process, 0) == 0 || errno != ESRCH) }
}

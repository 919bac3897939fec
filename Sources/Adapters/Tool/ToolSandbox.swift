import DeploymentModel
import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The sandbox that tools run in, made by bubblewrap (`bwrap`): namespaces of its own for users, processes, network, IPC,
/// host name and cgroups; of this host's files nothing but `/usr`, for reading.
///
/// The network namespace has a loopback of its own and nothing else. The tool's shell is process 1 of its namespace: when
/// it ends, the kernel ends everything that the tool has started, before its end is told to anybody.
struct ToolSandbox: Sendable {
    static let world = "/world"
    static let files = "/tool"
    static let scratch = "/scratch"
    /// Who tools are where Pinion is root: nobody. For root itself the kernel keeps no limit on processes.
    static let nobody: uid_t = 65534

    /// Path or name of bubblewrap.
    var bubblewrap = "bwrap"
    var isRoot = geteuid() == 0
    let limits: ToolLimits
    /// The longest that the run may take.
    let seconds: Int

    /// What the tool's command line is put behind.
    func commandLine(_ folders: ToolFolders, world: String?, files: String) -> [String] {
        var line = [bubblewrap, "--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "tool"]
        line += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        line += ["--cap-drop", "ALL"]
        // Root mounts as itself, becomes nobody, and only then gets its user namespace: one that root is mapped into
        // would leave it root for files and limits.
        line += isRoot ? ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] : ["--unshare-user"]
        line += Self.system
        line += ["--proc", "/proc", "--dev", "/dev"]
        line += ["--bind", folders.shared, "/dev/shm", "--bind", folders.temporary, "/tmp"]
        line += ["--ro-bind", files, Self.files]
        if let world { line += ["--ro-bind", world, Self.world] }
        line += ["--bind", folders.scratch, Self.scratch, "--chdir", Self.scratch]
        // Both are file systems in memory, which would be room to write in.
        line += ["--remount-ro", "/dev", "--remount-ro", "/", "--"]
        if isRoot {
            line += ["setpriv", "--reuid=\(Self.nobody)", "--regid=\(Self.nobody)", "--clear-groups"]
            line += ["--inh-caps=-all", "--", "unshare", "--user", "--map-current-user", "--"]
        }
        line.append("prlimit")
        line += limits.prlimitOptions(
            seconds: seconds, processors: ProcessInfo.processInfo.activeProcessorCount, countsProcesses: true)
        // The shell stays, so that the tool is an ordinary process: process 1 can't be sent signals.
        return line + ["--", "/bin/sh", "-c", #""$@"; exit $?"#, "tool"]
    }

    /// What interpreters and their libraries need. `/bin` and its like are links into `/usr` or folders of their own.
    private static var system: [String] {
        var line = ["--ro-bind", "/usr", "/usr", "--perms", "0755", "--dir", "/etc"]
        for name in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: name) {
                line += ["--symlink", target, name]
            } else {
                line += ["--ro-bind-try", name, name]
            }
        }
        for name in ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime"] {
            line += ["--ro-bind-try", "/etc/\(name)", "/etc/\(name)"]
        }
        return line
    }

    /// Runs nothing in the sandbox, to know before a run that there is one.
    ///
    /// - Throws: `Failure` with `ERR_SANDBOX`.
    func check(_ place: ToolPlace) async throws(Failure) {
        let words: String?
        do throws(ToolProcess.NotStarted) {
            words = try await ToolProcess.complaint(of: place.prefix + ["true"], place.environment(secrets: [:]))
        } catch {
            throw Failure(
                .sandbox, "there is no sandbox for tools: \(bubblewrap) can't be started: \(error.reason)",
                remedy: "Install bubblewrap, or run without a sandbox: --no-sandbox.")
        }
        guard let words else { return }
        throw Failure(
            .sandbox, "\(bubblewrap) can't make a sandbox for tools here",
            remedy: "Let this user make user namespaces, or run without a sandbox: --no-sandbox.", detail: words)
    }
}

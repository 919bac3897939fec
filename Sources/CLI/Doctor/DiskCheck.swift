import DeploymentModel
import Docker
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The room that is left where images and caches go.
struct DiskCheck {
    /// Below this an image with a model in it does not fit, in bytes.
    private static let little: Int64 = 5 << 30
    /// Below this nothing does.
    private static let nothing: Int64 = 1 << 30

    /// The free bytes of the file system that a folder is on, or will be; `nil` when that can't be told.
    var free: @Sendable (String) -> Int64? = DiskCheck.freeBytes
    let variables: [String: String]

    /// - Parameter engine: the folder of the engine on this host; `nil` where it is elsewhere.
    func findings(engine: String?) -> [Finding] {
        var findings: [Finding] = []
        if let engine { findings.append(finding("disk of images", engine, "docker image prune")) }
        if let cache { findings.append(finding("disk of caches", cache, "rm -r \(cache)")) }
        return findings
    }

    private var cache: String? {
        if let folder = variables["XDG_CACHE_HOME"], folder.hasPrefix("/") { return folder + "/pinion" }
        return variables["HOME"].map { $0 + "/.cache/pinion" }
    }

    private func finding(_ check: String, _ folder: String, _ remedy: String) -> Finding {
        guard let free = free(folder) else { return .warning(check, "\(folder) can't be looked at", "df -h \(folder)") }
        let text = "\(free >> 30).\((free % (1 << 30)) * 10 >> 30) GiB free at \(folder)"
        if free < Self.nothing { return .error(check, text, remedy) }
        return free < Self.little ? .warning(check, text, remedy) : .ok(check, text)
    }

    @Sendable
    private static func freeBytes(_ folder: String) -> Int64? {
        var place = folder
        var facts = statvfs()
        while statvfs(place, &facts) != 0 {
            guard errno == ENOENT, let slash = place.lastIndex(of: "/") else { return nil }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
        return Int64(facts.f_bavail) * Int64(facts.f_frsize)
    }
}

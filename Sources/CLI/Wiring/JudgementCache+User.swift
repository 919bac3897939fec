import ContentCache
import FoundationEssentials
import RegistryCatalog

#if canImport(Darwin)
    import Darwin
#endif

extension JudgementCache {
    /// The user's own; `nil` where this program cannot tell which build it is.
    static func ofUser() -> JudgementCache? {
        CacheFolder.place(of: "judgements").map { JudgementCache(in: $0.folder, edition: $0.edition) }
    }
}

extension CacheFolder {
    /// The user's cache of what plans read out of git; `nil` where this program cannot tell which build it is.
    static func ofUser() -> CacheFolder? {
        place(of: "plans").map { CacheFolder(in: $0.folder, edition: $0.edition, limit: 256 << 20) }
    }

    /// Below `$XDG_CACHE_HOME/pinion`.
    fileprivate static func place(of name: String) -> (folder: String, edition: String)? {
        let environment = ProcessInfo.processInfo.environment
        guard
            let folder = environment["XDG_CACHE_HOME"].flatMap({ $0.isEmpty ? nil : $0 })
                ?? environment["HOME"].map({ $0 + "/.cache" }),
            let program, let facts = try? FileManager.default.attributesOfItem(atPath: program),
            let size = facts[.size], let date = facts[.modificationDate] as? Date
        else { return nil }
        // Another build may judge otherwise, and its version says little while it is being worked on.
        return ("\(folder)/pinion/\(name)", "\(Version.text) \(size) \(date.timeIntervalSince1970)")
    }

    /// The path of the program's file.
    private static var program: String? {
        #if canImport(Darwin)
            var size: UInt32 = 4096
            var buffer = [CChar](repeating: 0, count: Int(size))
            guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
            return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        #endif
    }
}

#if os(Linux)
    import Dispatch
    import FoundationEssentials

    #if canImport(Musl)
        import Musl
    #else
        import Glibc
    #endif

    /// Tells of changes in folders, as the system reports them (inotify(7)); nothing is polled.
    ///
    /// A folder counts with all that is below it but what is left out. One that is not there yet is waited for, and so is
    /// one that goes and comes again, as long as it is named again after each change.
    package actor FolderWatcher {
        private enum Depth { case folderAlone, allBelow }

        private static let wanted = UInt32(
            IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF
                | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW)

        private let queue: ReportQueue
        private let leavesOut: @Sendable (String) async -> Bool
        /// The roots that were named, for when reports were lost.
        private var roots: Set<String> = []
        private var watched: [CInt: (path: String, depth: Depth)] = [:]
        private var depths: [String: Depth] = [:]

        /// - Parameter leavesOut: whether a folder, and all below it, is of no interest. Its path is the root's and
        ///   what follows.
        /// - Throws: `FolderWatchError` when the system has no more watchers for this user.
        package init(leavingOut leavesOut: @escaping @Sendable (String) async -> Bool) throws(FolderWatchError) {
            queue = try ReportQueue()
            self.leavesOut = leavesOut
        }

        /// Watches a folder and all below it from now on; one that is watched already stays so.
        ///
        /// - Parameter isDeep: `false` for the folder's own entries alone.
        /// - Throws: `FolderWatchError` when this user may watch no more folders.
        package func watch(_ folder: String, isDeep: Bool = true) async throws(FolderWatchError) {
            var place = folder
            while !Self.isFolder(place), place != "/" {
                place = place.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
                if place.isEmpty { place = "/" }
            }
            guard isDeep, place == folder else {
                try add(place, .folderAlone)
                return
            }
            roots.insert(folder)
            if depths[folder] != .allBelow { try await addAll(folder) }
        }

        /// How many folders are watched.
        package var count: Int { watched.count }

        /// Tells of changes, until the task is cancelled.
        ///
        /// - Parameter changed: gets the paths that the system named, several at once; none where reports were lost, which
        ///   means that anything may have changed. A new folder is watched before it is told of.
        package func follow(
            _ changed: @Sendable ([String]) async -> Void
        ) async throws(FolderWatchError) {
            for await bytes in queue.reports {
                let (paths, isComplete) = try await take(bytes)
                if !isComplete {
                    for root in roots { try await addAll(root) }
                    await changed([])
                } else if !paths.isEmpty {
                    await changed(paths)
                }
            }
        }

        private func take(_ bytes: [UInt8]) async throws(FolderWatchError) -> (paths: [String], isComplete: Bool) {
            var (paths, isComplete): ([String], Bool) = ([], true)
            for report in Report.all(in: bytes) {
                if report.mask & UInt32(IN_Q_OVERFLOW) != 0 { isComplete = false }
                if report.mask & UInt32(IN_IGNORED) != 0 {
                    if let gone = watched.removeValue(forKey: report.descriptor) { depths[gone.path] = nil }
                    continue
                }
                guard let (folder, depth) = watched[report.descriptor] else { continue }
                let path = report.name.isEmpty ? folder : folder + "/" + report.name
                if report.mask & UInt32(IN_ISDIR) != 0, !report.name.isEmpty {
                    if await leavesOut(path) { continue }
                    if report.mask & UInt32(IN_MOVED_FROM) != 0 { forget(path) }
                    if depth == .allBelow, report.mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0 { try await addAll(path) }
                }
                paths.append(path)
            }
            return (paths, isComplete)
        }

        /// What comes into a folder after it is listed is reported, as it is watched before.
        private func addAll(_ root: String) async throws(FolderWatchError) {
            var waiting = [root]
            while let folder = waiting.popLast() {
                guard try add(folder, .allBelow) else { continue }
                for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                    let path = folder + "/" + name
                    guard Self.isFolder(path), !(await leavesOut(path)) else { continue }
                    waiting.append(path)
                }
            }
        }

        /// - Returns: whether there is such a folder, and this user may read it.
        @discardableResult
        private func add(_ folder: String, _ depth: Depth) throws(FolderWatchError) -> Bool {
            if depth == .folderAlone, depths[folder] != nil { return true }
            let descriptor = unsafe inotify_add_watch(queue.descriptor, folder, Self.wanted)
            guard descriptor >= 0 else {
                guard errno != ENOSPC else {
                    throw FolderWatchError(
                        "this user may watch no more than \(watched.count) folders",
                        remedy: "Allow more: sudo sysctl fs.inotify.max_user_watches=524288")
                }
                return false
            }
            watched[descriptor] = (folder, depth)
            depths[folder] = depth
            return true
        }

        /// A folder that was moved away goes on being reported, under a path that it has no more.
        private func forget(_ folder: String) {
            for (descriptor, entry) in watched where entry.path == folder || entry.path.hasPrefix(folder + "/") {
                inotify_rm_watch(queue.descriptor, descriptor)
                watched[descriptor] = nil
                depths[entry.path] = nil
            }
        }

        private static func isFolder(_ path: String) -> Bool {
            var facts = stat()
            return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// The system's reports, read as soon as they come, so that none is lost while an earlier one is worked on.
    private final class ReportQueue {
        let descriptor: CInt
        let reports: AsyncStream<[UInt8]>
        private let source: any DispatchSourceRead

        init() throws(FolderWatchError) {
            let descriptor = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
            guard descriptor >= 0 else {
                throw FolderWatchError(
                    "the system gives no watcher: " + (unsafe String(cString: strerror(errno))),
                    remedy: "Allow more: sudo sysctl fs.inotify.max_user_instances=1024")
            }
            self.descriptor = descriptor
            let (reports, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            self.reports = reports
            let queue = DispatchQueue(label: "pinion.folders")
            source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            source.setEventHandler { @Sendable in
                var bytes = [UInt8](repeating: 0, count: 64 << 10)
                let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
                if count > 0 { continuation.yield(Array(bytes[..<count])) }
            }
            source.setCancelHandler { @Sendable in
                close(descriptor)
                continuation.finish()
            }
            source.resume()
        }

        deinit { source.cancel() }
    }

    /// One `inotify_event`: 4 bytes each of watch descriptor, mask, cookie and length of the name, then the name and zeros.
    private struct Report {
        let descriptor: CInt
        let mask: UInt32
        let name: String

        static func all(in bytes: [UInt8]) -> [Report] {
            var (reports, rest): ([Report], ArraySlice<UInt8>) = ([], bytes[...])
            while rest.count >= 16 {
                let words = (0..<4).map { word in
                    rest.dropFirst(word * 4).prefix(4).enumerated().reduce(UInt32(0)) { sum, byte in
                        sum | UInt32(byte.element) << (UInt32(byte.offset) * 8)
                    }.littleEndian
                }
                rest = rest.dropFirst(16)
                let name = rest.prefix(Int(words[3])).prefix { $0 != 0 }
                rest = rest.dropFirst(Int(words[3]))
                reports.append(
                    Report(
                        descriptor: CInt(bitPattern: words[0]), mask: words[1],
                        name: String(decoding: name, as: UTF8.self)))
            }
            return reports
        }
    }
#endif

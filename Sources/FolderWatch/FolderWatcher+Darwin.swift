#if canImport(Darwin)
    import CoreServices
    import Dispatch

    /// Tells of changes in folders, as the system reports them (FSEvents); nothing is polled.
    ///
    /// A folder counts with all that is below it. One that is not there yet is waited for.
    package actor FolderWatcher {
        private let leavesOut: @Sendable (String) async -> Bool
        private let reports: AsyncStream<[String]>
        private let receiver: Receiver
        private var roots: Set<String> = []
        private var stream: Stream?

        /// - Parameter leavesOut: whether a folder, and all below it, is of no interest.
        package init(leavingOut leavesOut: @escaping @Sendable (String) async -> Bool) throws(FolderWatchError) {
            self.leavesOut = leavesOut
            let (reports, continuation) = AsyncStream.makeStream(of: [String].self)
            self.reports = reports
            receiver = Receiver(continuation)
        }

        /// Watches a folder and all below it from now on; one that is watched already stays so.
        ///
        /// - Parameter isDeep: FSEvents knows whole trees alone; a change below is one report too many.
        package func watch(_ folder: String, isDeep: Bool = true) async throws(FolderWatchError) {
            guard roots.insert(folder).inserted else { return }
            guard let next = Stream(roots.sorted(), receiver) else {
                throw FolderWatchError("the system watches no folder: FSEvents does not start")
            }
            stream = next
        }

        /// How many folders are watched, each with all below it.
        package var count: Int { roots.count }

        /// Tells of changes, until the task is cancelled.
        package func follow(
            _ changed: @Sendable ([String]) async -> Void
        ) async throws(FolderWatchError) {
            for await paths in reports {
                var kept: [String] = []
                for path in paths where !(await leavesOut(path)) { kept.append(path) }
                if !kept.isEmpty { await changed(kept) }
            }
        }
    }

    private final class Receiver: Sendable {
        let continuation: AsyncStream<[String]>.Continuation
        init(_ continuation: AsyncStream<[String]>.Continuation) { self.continuation = continuation }
    }

    /// One FSEvents stream, stopped with its last reference.
    private final class Stream {
        private let pointer: FSEventStreamRef

        init?(_ roots: [String], _ receiver: Receiver) {
            var context = unsafe FSEventStreamContext(
                version: 0, info: Unmanaged.passUnretained(receiver).toOpaque(), retain: nil, release: nil,
                copyDescription: nil)
            let flags =
                kFSEventStreamCreateFlagFileEvents | kFSEventStreamCreateFlagNoDefer
                | kFSEventStreamCreateFlagWatchRoot
            let made = unsafe FSEventStreamCreate(
                nil,
                { _, info, count, paths, _, _ in
                    guard let info = unsafe info else { return }
                    let receiver = unsafe Unmanaged<Receiver>.fromOpaque(info).takeUnretainedValue()
                    let names = unsafe paths.assumingMemoryBound(to: UnsafePointer<CChar>.self)
                    receiver.continuation.yield((0..<count).map { unsafe String(cString: names[$0]) })
                }, &context, roots as CFArray, FSEventStreamEventId(kFSEventStreamEventIdSinceNow), 0.02,
                FSEventStreamCreateFlags(flags))
            guard let made = unsafe made else { return nil }
            unsafe pointer = made
            unsafe FSEventStreamSetDispatchQueue(pointer, DispatchQueue(label: "pinion.folders"))
            guard unsafe FSEventStreamStart(pointer) else { return nil }
        }

        deinit {
            unsafe FSEventStreamStop(pointer)
            unsafe FSEventStreamInvalidate(pointer)
            unsafe FSEventStreamRelease(pointer)
        }
    }
#endif

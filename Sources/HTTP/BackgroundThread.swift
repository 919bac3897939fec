#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread for calls that block, which the cooperative pool could not stand.
enum BackgroundThread {
    /// Runs `body` on a thread of its own; false when there can be none.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        // The thread owns its work until it ends: +1 here, taken over in the thread's first line.
        let work = Work(body)
        let context = unsafe Unmanaged.passRetained(work).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
            let status = unsafe pthread_create(&thread, nil, { BackgroundThread.main($0) }, context)
        #else
            var thread = pthread_t()
            let status = unsafe pthread_create(&thread, nil, { unsafe BackgroundThread.main($0!) }, context)
        #endif
        guard status == 0 else {
            unsafe Unmanaged<Work>.fromOpaque(context).release()
            return false
        }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
        return true
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    @Sendable private static func main(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        // Signals belong to the program's own threads; above all, a peer that hangs up must not raise SIGPIPE here.
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
    }
}

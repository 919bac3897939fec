import ArgumentParser
import DeploymentModel
@preconcurrency import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs a command's work so that SIGINT, SIGTERM and the end of its terminal (SIGHUP) cancel it: what it started is stopped and
/// removed, and the process ends with 130, 143 or 129. What must not be torn is finished first, within seven seconds: a CI
/// runner kills after 7.5. A second signal ends it at once.
func interruptible(_ work: @escaping @Sendable () async throws(Failure) -> ExitCode) async throws(ExitCode) {
    let (signals, continuation) = AsyncStream.makeStream(of: Int32.self)
    let interruptions = [SIGINT, SIGTERM, SIGHUP].compactMap { Interruption($0, continuation) }
    // What is over is ended by a signal at once, even if nobody reads its result.
    defer { for interruption in interruptions { interruption.end() } }
    let code: ExitCode = await withTaskGroup(of: ExitCode?.self) { group in
        group.addTask {
            do throws(ExitCode) {
                try await reporting(work)
                return .success
            } catch { return error }
        }
        group.addTask {
            for await number in signals {
                Output.note("Interrupted: finishing what must not be torn; interrupt again to end at once.")
                return ExitCode(128 + number)
            }
            return nil
        }
        var code: ExitCode?
        while code == nil, let next = await group.next() { code = next }
        group.cancelAll()
        // What is under way ends in its own time, its containers with it.
        for await _ in group {}
        return code ?? .failure
    }
    if code != .success { throw code }
}

private struct Interruption {
    private let number: Int32
    private let before: (@convention(c) (Int32) -> Void)?
    private let source: any DispatchSourceSignal

    /// `nil` for a hang-up that is ignored already: nohup wants it so.
    init?(_ number: Int32, _ continuation: AsyncStream<Int32>.Continuation) {
        self.number = number
        before = signal(number, SIG_IGN)
        guard number != SIGHUP || unsafeBitCast(before, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) else {
            return nil
        }
        source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { @Sendable in
            continuation.yield(number)
            signal(number, SIG_DFL)
            DispatchQueue.global().asyncAfter(deadline: .now() + 7) { _exit(128 + number) }
        }
        source.resume()
    }

    /// Gives the signal back to whom it belonged before.
    func end() {
        signal(number, before)
        source.cancel()
    }
}

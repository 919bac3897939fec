import CCurl
import Synchronization

/// The one thread that carries out all transfers of a client, and the mailbox to it.
///
/// Blocking calls would exhaust the cooperative pool; one `curl_multi_poll` for all transfers blocks this thread alone,
/// and `curl_multi_wakeup` makes cancelling a matter of milliseconds. The thread and libcurl (8 ms) start with the first
/// request, so that commands that send none pay nothing.
final class TransferLoop: Sendable {
    enum Command {
        case start(Exchange)
        case resume(Exchange)
        case cancel(Exchange)
        /// End the thread when nothing is under way any more.
        case stop
    }

    private struct Mailbox {
        var commands: [Command] = []
        var multi: MultiHandle?
        var isRunning = false
    }

    let configuration: HTTPClient.Configuration
    private let mailbox = Mutex(Mailbox())

    init(configuration: HTTPClient.Configuration) {
        self.configuration = configuration
    }

    /// Leaves a command for the thread, and starts or wakes it.
    func submit(_ command: Command) {
        let (mustStart, multi) = mailbox.withLock { mailbox in
            if case .stop = command, !mailbox.isRunning { return (false, MultiHandle?.none) }
            mailbox.commands.append(command)
            defer { mailbox.isRunning = true }
            return (!mailbox.isRunning, mailbox.multi)
        }
        multi?.wakeUp()
        if mustStart { startThread() }
    }

    /// All commands that wait.
    func takeCommands() -> [Command] {
        mailbox.withLock { mailbox in
            defer { mailbox.commands = [] }
            return mailbox.commands
        }
    }

    private func run() {
        guard let multi = MultiHandle() else { return failAll("libcurl could not be initialised") }
        mailbox.withLock { $0.multi = multi }
        let worker = TransferWorker(loop: self, multi: multi)
        worker.run()
    }

    private func failAll(_ message: String) {
        for case .start(let exchange) in takeCommands() {
            exchange.finish(.failure(exchange.error(.connect, message)))
        }
        mailbox.withLock { $0.isRunning = false }
    }

    private func startThread() {
        if !BackgroundThread.start({ self.run() }) { failAll("no thread could be started") }
    }
}

/// libcurl's handle for many transfers.
///
/// `@unchecked Sendable`: `curl_multi_wakeup` is the one libcurl function that any thread may call; everything else is
/// called by the thread of `TransferLoop` alone, and the last reference frees the handle.
@safe final class MultiHandle: @unchecked Sendable {
    /// `curl_global_init` once per process.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    let pointer: UnsafeMutableRawPointer

    init?() {
        guard Self.isReady, let pointer = unsafe curl_multi_init() else { return nil }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe curl_multi_cleanup(pointer)
    }

    func wakeUp() {
        unsafe curl_multi_wakeup(pointer)
    }
}

import CCurl
import Synchronization

/// One connection of `HTTPClient.openTunnel`, shared by the task that waits for it and the thread that makes and serves
/// it.
///
/// A thread and a loop for each: in a shared one, libcurl would look through its idle connections when it makes another,
/// and drop a new tunnel as one that has bytes waiting.
final class Tunnel: Sendable {
    private typealias Outcome = Result<Int32, HTTPError>

    private struct State {
        var waiter: CheckedContinuation<Outcome, Never>?
        var outcome: Outcome?
        var multi: MultiHandle?
    }

    private let url: HTTPURL
    private let limit: Duration
    private let configuration: HTTPClient.Configuration
    private let state = Mutex(State())

    init(to url: HTTPURL, within limit: Duration, _ configuration: HTTPClient.Configuration) {
        self.url = url
        self.limit = limit
        self.configuration = configuration
    }

    /// The caller's end of the connection. To be called once.
    func open() async throws(HTTPError) -> Int32 {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let known = state.withLock { state in
                    if state.outcome == nil { state.waiter = waiter }
                    return state.outcome
                }
                if let known {
                    waiter.resume(returning: known)
                } else if !BackgroundThread.start({ self.serve() }) {
                    settle(.failure(error(.connect, "no thread could be started")))
                }
            }
        } onCancel: {
            settle(.failure(error(.cancelled, "the connection was given up")))
            state.withLock { $0.multi }?.wakeUp()
        }
        return try outcome.get()
    }

    /// False when the outcome was known before.
    @discardableResult
    private func settle(_ outcome: Outcome) -> Bool {
        let (isNews, waiter) = state.withLock { state in
            let isNews = state.outcome == nil
            if isNews { state.outcome = outcome }
            return (isNews, state.waiter.take())
        }
        waiter?.resume(returning: outcome)
        return isNews
    }

    private var isSettled: Bool { state.withLock { $0.outcome != nil } }

    private func error(_ kind: HTTPError.Kind, _ message: String) -> HTTPError {
        HTTPError(kind, message, url: url.redacted)
    }

    // MARK: The thread's side

    private func serve() {
        guard let multi = MultiHandle(), let easy = EasyHandle() else {
            settle(.failure(error(.connect, "libcurl could not be initialised")))
            return
        }
        state.withLock { $0.multi = multi }
        easy.configure(forTunnelTo: url, within: limit, configuration)
        _ = unsafe curl_multi_add_handle(multi.pointer, easy.pointer)
        // Closes the connection, and so comes after everything that uses it.
        defer { unsafe curl_multi_remove_handle(multi.pointer, easy.pointer) }
        guard let code = connect(multi) else { return }
        guard code == CURLE_OK else {
            let text = easy.lastError
            let message = text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text
            settle(.failure(error(HTTPError.Kind(code, afterHead: false), message)))
            return
        }
        guard var pump = TunnelPump(easy) else {
            settle(.failure(error(.connect, "no pair of sockets could be made")))
            return
        }
        if settle(.success(pump.farEnd)) {
            pump.run()
        } else {
            pump.closeFarEnd()
        }
    }

    /// libcurl's result; `nil` when nobody waits for it any more.
    private func connect(_ multi: MultiHandle) -> CURLcode? {
        while !isSettled {
            var number: Int32 = 0
            _ = unsafe curl_multi_perform(multi.pointer, &number)
            while let message = unsafe curl_multi_info_read(multi.pointer, &number) {
                if unsafe message.pointee.msg == CURLMSG_DONE { return unsafe message.pointee.data.result }
            }
            _ = unsafe curl_multi_poll(multi.pointer, nil, 0, 1000, nil)
        }
        return nil
    }
}

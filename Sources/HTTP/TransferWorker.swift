import CCurl

/// The turns of the loop. Lives on the loop's thread and nowhere else, as do the transfers that it owns.
final class TransferWorker {
    private let loop: TransferLoop
    private let multi: MultiHandle
    private let clock = ContinuousClock()
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var mayEnd = false

    init(loop: TransferLoop, multi: MultiHandle) {
        self.loop = loop
        self.multi = multi
    }

    /// Turns until told to stop and idle.
    func run() {
        while true {
            for command in loop.takeCommands() { carryOut(command) }
            if mayEnd, transfers.isEmpty { return }
            var running: Int32 = 0
            _ = unsafe curl_multi_perform(multi.pointer, &running)
            collectFinished()
            let wait = enforceDeadlines()
            _ = unsafe curl_multi_poll(multi.pointer, nil, 0, wait, nil)
        }
    }

    private func carryOut(_ command: TransferLoop.Command) {
        switch command {
        case .start(let exchange): start(exchange)
        case .resume(let exchange): transfers[ObjectIdentifier(exchange)]?.resume(now: clock.now)
        case .cancel(let exchange): remove(exchange)
        case .stop: mayEnd = true
        }
    }

    private func start(_ exchange: Exchange) {
        guard !exchange.isFinished else { return }
        do throws(HTTPError) {
            let transfer = try Transfer.prepare(exchange, configuration: loop.configuration, now: clock.now)
            guard unsafe curl_multi_add_handle(multi.pointer, transfer.easy.pointer) == CURLM_OK else {
                throw exchange.error(.protocol, "libcurl refused the transfer")
            }
            transfers[ObjectIdentifier(exchange)] = transfer
        } catch {
            exchange.finish(.failure(error))
        }
    }

    /// Takes a transfer out; one that was under way loses its connection.
    private func remove(_ exchange: Exchange) {
        guard let transfer = transfers.removeValue(forKey: ObjectIdentifier(exchange)) else { return }
        unsafe curl_multi_remove_handle(multi.pointer, transfer.easy.pointer)
    }

    private func collectFinished() {
        var finished: [(handle: UnsafeMutableRawPointer, code: CURLcode)] = unsafe []
        var waiting: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi.pointer, &waiting) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
                continue
            }
            unsafe finished.append((handle, message.pointee.data.result))
        }
        for unsafe(handle, code) in unsafe finished {
            guard let transfer = transfers.values.first(where: { unsafe $0.easy.pointer == handle }) else {
                continue
            }
            transfer.finish(code)
            remove(transfer.exchange)
        }
    }

    /// Ends what is too late.
    ///
    /// - Returns: how long the loop may sleep, in milliseconds.
    private func enforceDeadlines() -> Int32 {
        let now = clock.now
        var wait = Duration.seconds(60)
        for transfer in transfers.values {
            guard let deadline = transfer.nextDeadline() else { continue }
            if deadline.instant <= now {
                transfer.fail(after: deadline.stage)
                remove(transfer.exchange)
            } else {
                wait = min(wait, deadline.instant - now)
            }
        }
        return Int32(wait / .milliseconds(1)) + 1
    }
}

/// The part of an exchange that its two sides share: the transfer loop, which fills it, and one reader, which empties it.
/// A plain state machine: each transition returns whom to wake, and touches nothing outside.
struct ExchangeState<HeadWaiter, ChunkWaiter>: ~Copyable {
    /// Status and headers of the final answer.
    typealias Head = (status: Int, headers: HTTPHeaders)

    /// What the transfer does with bytes that arrived.
    enum Receipt {
        case stored
        /// Over the high-water mark: keep the bytes and stop until the reader has caught up.
        case pause
        case delivered(ChunkWaiter, [UInt8])
        /// Nobody wants them.
        case refused
    }

    /// What the reader gets.
    enum Reading {
        /// `resume`: the transfer was paused and may go on.
        case chunk([UInt8], resume: Bool)
        case end
        case failed(HTTPError)
        case waits(resume: Bool)
        /// Somebody else is waiting already.
        case busy
    }

    /// Bytes in waiting at which the transfer pauses.
    private let highWater: Int

    private var head: Head?
    private var headWaiter: HeadWaiter?
    private var chunkWaiter: ChunkWaiter?
    private var buffer: [UInt8] = []
    private var outcome: Result<Void, HTTPError>?
    private var isPaused = false
    private(set) var pauses = 0

    init(highWater: Int) {
        self.highWater = highWater
    }

    var isFinished: Bool { outcome != nil }

    // MARK: The transfer's side

    /// The head of the final answer is complete.
    mutating func receive(head: Head) -> HeadWaiter? {
        guard outcome == nil else { return nil }
        self.head = head
        return headWaiter.take()
    }

    /// Bytes of the body arrived.
    mutating func receive(_ bytes: [UInt8]) -> Receipt {
        guard outcome == nil else { return .refused }
        if let waiter = chunkWaiter.take() { return .delivered(waiter, bytes) }
        guard buffer.isEmpty || buffer.count + bytes.count <= highWater else {
            isPaused = true
            pauses += 1
            return .pause
        }
        if buffer.isEmpty { buffer = bytes } else { buffer += bytes }
        return .stored
    }

    /// The exchange is over, well or not; only the first outcome counts. Bytes that wait are still read when it ended
    /// well, and are dropped when it failed.
    mutating func finish(_ result: Result<Void, HTTPError>) -> (head: HeadWaiter?, chunk: ChunkWaiter?) {
        guard outcome == nil else { return (nil, nil) }
        outcome = result
        if case .failure = result { buffer = [] }
        return (headWaiter.take(), chunkWaiter.take())
    }

    // MARK: The reader's side

    /// The head or the failure, when either is known already.
    mutating func awaitHead(_ waiter: HeadWaiter) -> Result<Head, HTTPError>? {
        if let known = knownHead { return known }
        headWaiter = waiter
        return nil
    }

    var knownHead: Result<Head, HTTPError>? {
        if case .failure(let error) = outcome { return .failure(error) }
        return head.map { .success($0) }
    }

    /// The next chunk, which is everything that waits.
    mutating func read(_ waiter: ChunkWaiter) -> Reading {
        if chunkWaiter != nil { return .busy }
        if case .failure(let error) = outcome { return .failed(error) }
        if !buffer.isEmpty {
            let chunk = buffer
            buffer = []
            return .chunk(chunk, resume: clearPause())
        }
        if outcome != nil { return .end }
        chunkWaiter = waiter
        return .waits(resume: clearPause())
    }

    private mutating func clearPause() -> Bool {
        defer { isPaused = false }
        return isPaused
    }
}

import Testing

@testable import HTTP

@Suite("Hand-over between transfer and reader", .tags(.small))
struct ExchangeStateTests {
    typealias State = ExchangeState<String, String>
    let lost = HTTPError(.connectionLost, "lost", url: "")

    @Test("The transfer pauses at the mark and goes on when the reader took what waits")
    func backPressure() {
        var state = State(highWater: 4)
        #expect(state.receive([1, 2, 3]).name == "stored")
        #expect(state.receive([4, 5]).name == "pause")
        #expect(state.pauses == 1)
        #expect(state.read("r").name == "chunk [1, 2, 3] resume")
        #expect(state.receive([4, 5]).name == "stored")
        #expect(state.read("r").name == "chunk [4, 5]")
    }

    @Test("A single piece larger than the mark passes when nothing waits")
    func largePiece() {
        var state = State(highWater: 4)
        #expect(state.receive([1, 2, 3, 4, 5, 6]).name == "stored")
    }

    @Test("A reader that waits gets the bytes directly")
    func waiting() {
        var state = State(highWater: 4)
        #expect(state.read("r").name == "waits")
        #expect(state.receive([1]).name == "delivered r [1]")
        #expect(state.receive([2]).name == "stored")
    }

    @Test("What arrived before a good end is still read")
    func goodEnd() {
        var state = State(highWater: 4)
        _ = state.receive([1])
        _ = state.finish(.success(()))
        #expect(state.read("r").name == "chunk [1]")
        #expect(state.read("r").name == "end")
    }

    @Test("A failure is told at once and for ever, and bytes behind it are refused")
    func failure() {
        var state = State(highWater: 4)
        _ = state.receive([1])
        _ = state.finish(.failure(lost))
        #expect(state.read("r").name == "failed")
        #expect(state.receive([2]).name == "refused")
        _ = state.finish(.success(()))
        #expect(state.read("r").name == "failed")
    }

    @Test("The end wakes whoever waits")
    func wakes() {
        var state = State(highWater: 4)
        #expect(state.awaitHead("h") == nil)
        _ = state.read("r")
        let waiters = state.finish(.failure(lost))
        #expect(waiters.head == "h")
        #expect(waiters.chunk == "r")
    }

    @Test("A second reader is turned away")
    func busy() {
        var state = State(highWater: 4)
        _ = state.read("r")
        #expect(state.read("s").name == "busy")
    }
}

extension ExchangeState<String, String>.Receipt {
    var name: String {
        switch self {
        case .stored: "stored"
        case .pause: "pause"
        case .refused: "refused"
        case .delivered(let waiter, let bytes): "delivered \(waiter) \(bytes)"
        }
    }
}

extension ExchangeState<String, String>.Reading {
    var name: String {
        switch self {
        case .chunk(let bytes, let resume): "chunk \(bytes)\(resume ? " resume" : "")"
        case .end: "end"
        case .failed: "failed"
        case .waits: "waits"
        case .busy: "busy"
        }
    }
}

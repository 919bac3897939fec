import Synchronization

/// The places that one run may upload to: each has a token that is good for one complete upload.
final class UploadSlots: Sendable {
    /// What a slot is for.
    enum Purpose: Hashable {
        case index
        /// A declared output, by its path.
        case output(String)
    }

    enum Claim {
        /// Nobody else has the slot until it is finished or given back.
        case granted(Purpose, number: Int)
        case unknown
        /// Another upload is in progress.
        case busy
        case used
    }

    private enum State {
        case open
        case busy
        case used
    }

    private struct Slots {
        var states: [State]
        var bytesLeft: Int64
        var index: [UInt8]?
        var outputs: [String: ReceivedArtifacts.Artifact] = [:]
    }

    private let purposes: [Purpose]
    private let numbers: [String: Int]
    private let slots: Mutex<Slots>

    /// By purpose, the token that opens its slot.
    let tokens: [Purpose: String]

    init(for declared: [String], totalLimit: Int64, using generator: inout some RandomNumberGenerator) {
        purposes = [.index] + Set(declared).sorted().map { .output($0) }
        var tokens: [Purpose: String] = [:]
        var numbers: [String: Int] = [:]
        for (number, purpose) in purposes.enumerated() {
            let token = (0..<16).map { _ in
                let byte = UInt8.random(in: .min ... .max, using: &generator)
                return (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            tokens[purpose] = token
            numbers[token] = number
        }
        self.tokens = tokens
        self.numbers = numbers
        slots = Mutex(Slots(states: purposes.map { _ in .open }, bytesLeft: totalLimit))
    }

    func claim(_ token: String) -> Claim {
        guard let number = numbers[token] else { return .unknown }
        return slots.withLock { slots in
            switch slots.states[number] {
            case .open:
                slots.states[number] = .busy
                return .granted(purposes[number], number: number)
            case .busy: return .busy
            case .used: return .used
            }
        }
    }

    /// Takes bytes of the run's total; `false` when they aren't left.
    func reserve(_ bytes: Int64) -> Bool {
        slots.withLock { slots in
            guard slots.bytesLeft >= bytes else { return false }
            slots.bytesLeft -= bytes
            return true
        }
    }

    /// Opens a claimed slot again after an upload that came to nothing.
    func giveBack(_ number: Int, bytes: Int64) {
        slots.withLock { slots in
            slots.states[number] = .open
            slots.bytesLeft += bytes
        }
    }

    func finish(_ number: Int, index bytes: [UInt8]) {
        slots.withLock { slots in
            slots.states[number] = .used
            slots.index = bytes
        }
    }

    func finish(_ number: Int, _ path: String, _ artifact: ReceivedArtifacts.Artifact) {
        slots.withLock { slots in
            slots.states[number] = .used
            slots.outputs[path] = artifact
        }
    }

    var received: ReceivedArtifacts {
        slots.withLock { ReceivedArtifacts(index: $0.index, outputs: $0.outputs) }
    }
}

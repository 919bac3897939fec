import LoopbackServer
import Synchronization
import Testing

@testable import HTTP

@Suite("Back-pressure", .tags(.medium), .timeLimit(.minutes(1)))
struct BackPressureTests {
    @Test("A consumer that lags stops the server, and gets every byte in the end")
    func slowConsumer() async throws {
        let block = 64 * 1024
        let blocks = 1024
        let sent = Counter()
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(block * blocks)\r\n\r\n")
            for number in 0..<blocks {
                guard connection.write([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: block)) else {
                    return
                }
                sent.increment()
            }
        }
        let response = try await HTTPClient().send(HTTPRequest(.get, server.url, deadlines: .stream))
        while response.body.pauses == 0 { await Task.yield() }

        var count = 0
        var wrong = 0
        for try await chunk in response.body {
            #expect(chunk.count <= HTTPResponseBody.highWater + 16 * 1024)
            // What is on its way besides the chunk is in the kernel's socket buffers alone.
            if count == 0 { #expect(sent.value < blocks / 2) }
            for index in stride(from: 0, to: chunk.count, by: 1021)
            where chunk[index] != UInt8(truncatingIfNeeded: (count + index) / block) {
                wrong += 1
            }
            count += chunk.count
        }
        #expect(count == block * blocks)
        #expect(wrong == 0)
    }
}

/// A number that several threads count up.
final class Counter: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    func increment() {
        number.withLock { $0 += 1 }
    }
}

import Adapters
import BLAKE3

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Pinion's own side of the benchmarks that no command of its program has alone.
@main
struct BenchClient {
    static let usage = """
        usage: bench-client websocket|events PORT RUNS TOKENS
               bench-client blake3 FILE

        websocket, events   RUNS runs at once, of TOKENS tokens each, at a server on 127.0.0.1
        blake3              the content's id
        """

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.count == 2, arguments[0] == "blake3" { return try hash(arguments[1]) }
        guard arguments.count == 4, let port = Int(arguments[1]), let runs = Int(arguments[2]),
            let tokens = Int(arguments[3]), ["websocket", "events"].contains(arguments[0])
        else {
            print(usage)
            exit(64)
        }
        let transport: any ProcessorTransport =
            arguments[0] == "websocket" ? WebSocketTransport() : EventStreamTransport()
        let cost = try await TokenRuns(transport: transport, port: port, runs: runs, tokens: tokens).measure()
        print(cost.tokens, cost.seconds, cost.processor)
    }

    private static func hash(_ path: String) throws {
        guard let file = fopen(path, "r") else { exit(66) }
        defer { fclose(file) }
        setvbuf(file, nil, _IONBF, 0)
        var hasher = ContentHasher()
        var bytes = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = bytes.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) }
            guard count > 0 else { break }
            hasher.update(bytes[..<count])
        }
        print(hasher.contentID)
    }
}

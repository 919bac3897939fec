/// Takes the engine's log stream apart: frames of a stream number, three zeros, a big-endian length of four bytes, and so
/// many bytes (Engine API, "Stream format" of `ContainerAttach`).
struct LogDemultiplexer {
    private var header: [UInt8] = []
    private var remaining = 0

    /// Takes a piece of the stream; gives the bytes that containers wrote, in order.
    mutating func receive(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if remaining > 0 {
                let part = rest.prefix(remaining)
                output += part
                remaining -= part.count
                rest = rest.dropFirst(part.count)
            } else {
                let part = rest.prefix(8 - header.count)
                header += part
                rest = rest.dropFirst(part.count)
                if header.count == 8 {
                    remaining = header[4...].reduce(0) { $0 << 8 | Int($1) }
                    header = []
                }
            }
        }
        return output
    }
}

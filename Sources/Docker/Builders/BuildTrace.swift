/// Turns BuildKit's progress (`moby.buildkit.v1.StatusResponse`, sent by the engine as `moby.buildkit.trace`) into lines
/// as `--progress=plain` prints them.
struct BuildTrace {
    private struct Vertex {
        let number: Int
        var hasEnded = false
        var log = LineSplitter()
    }

    private var vertices: [String: Vertex] = [:]

    /// Takes one message; gives the lines that it adds.
    mutating func receive(_ message: [UInt8]) -> [String] {
        var lines: [String] = []
        var reader = ProtobufReader(message[...])
        while let (field, value) = reader.next() {
            guard case .bytes(let bytes) = value else { continue }
            switch field {
            case 1: lines += vertex(bytes)
            case 3: lines += log(bytes)
            default: break
            }
        }
        return lines
    }

    /// `Vertex`: 1 digest, 3 name, 4 cached, 5 started, 6 completed, 7 error.
    private mutating func vertex(_ bytes: ArraySlice<UInt8>) -> [String] {
        var (digest, name, error) = ("", "", "")
        var (isCached, hasStarted, hasCompleted) = (false, false, false)
        var reader = ProtobufReader(bytes)
        while let (field, value) = reader.next() {
            switch (field, value) {
            case (1, .bytes(let text)): digest = String(decoding: text, as: UTF8.self)
            case (3, .bytes(let text)): name = String(decoding: text, as: UTF8.self)
            case (4, .varint(let flag)): isCached = flag != 0
            case (5, .bytes): hasStarted = true
            case (6, .bytes): hasCompleted = true
            case (7, .bytes(let text)): error = String(decoding: text, as: UTF8.self)
            default: break
            }
        }
        guard hasStarted || isCached else { return [] }
        var lines: [String] = []
        if vertices[digest] == nil {
            vertices[digest] = Vertex(number: vertices.count + 1)
            lines.append("#\(vertices.count) \(name)")
        }
        guard var vertex = vertices[digest], hasCompleted, !vertex.hasEnded else { return lines }
        if let last = vertex.log.finish() { lines.append("#\(vertex.number) \(String(decoding: last, as: UTF8.self))") }
        vertex.hasEnded = true
        vertices[digest] = vertex
        let end = error.isEmpty ? (isCached ? "CACHED" : "DONE") : "ERROR: \(error)"
        return lines + ["#\(vertex.number) \(end)"]
    }

    /// `VertexLog`: 1 vertex, 4 message.
    private mutating func log(_ bytes: ArraySlice<UInt8>) -> [String] {
        var (digest, text) = ("", ArraySlice<UInt8>())
        var reader = ProtobufReader(bytes)
        while let (field, value) = reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)): digest = String(decoding: bytes, as: UTF8.self)
            case (4, .bytes(let bytes)): text = bytes
            default: break
            }
        }
        guard var vertex = vertices[digest] else { return [] }
        let lines = vertex.log.receive(text).map { "#\(vertex.number) \(String(decoding: $0, as: UTF8.self))" }
        vertices[digest] = vertex
        return lines
    }
}

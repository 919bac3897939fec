import Compression

/// Shows a visitor the entries of a layer, from its blob as it comes. Nothing of it is written to disk.
struct LayerPass<Visitor: TarReader.Visitor> {
    private let decompressor: Decompressor
    private var tar = TarReader()
    private var visitor: Visitor

    init(_ limits: LayerReader.Limits, _ visitor: Visitor) {
        decompressor = Decompressor(limit: limits.bytes)
        self.visitor = visitor
    }

    mutating func push(_ bytes: [UInt8]) throws(LayerReader.Unreadable) {
        let decompressor = decompressor
        try reading { (tar, visitor) in
            try decompressor.push(bytes) { try tar.push($0, &visitor) }
        }
    }

    /// The visitor, when all has come.
    mutating func finish() throws(LayerReader.Unreadable) -> Visitor {
        let decompressor = decompressor
        try reading { (tar, visitor) in
            try decompressor.finish { try tar.push($0, &visitor) }
            try tar.finish()
        }
        return visitor
    }

    private mutating func reading(
        _ body: (inout TarReader, inout Visitor) throws -> Void
    ) throws(LayerReader.Unreadable) {
        do {
            try body(&tar, &visitor)
        } catch let error as LayerReader.Unreadable {
            throw error
        } catch let error as MalformedTar {
            throw LayerReader.Unreadable(reason: "it is no tar archive that can be read: \(error.reason)")
        } catch let error as Decompressor.Failure {
            switch error {
            case .malformed(let reason): throw LayerReader.Unreadable(reason: reason)
            case .truncated: throw LayerReader.Unreadable(reason: "it ends too early")
            case .tooLarge(let limit):
                throw LayerReader.Unreadable(
                    reason: "it unpacks to more than \(limit) bytes, which no honest layer of its size does")
            }
        } catch { throw LayerReader.Unreadable(reason: "\(error)") }
    }
}

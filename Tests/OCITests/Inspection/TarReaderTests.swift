import Testing

@testable import OCI

@Suite(.tags(.small))
struct TarReaderTests {
    private struct Listing: TarReader.Visitor {
        var lines: [String] = []
        private var content: [UInt8] = []

        mutating func begin(_ entry: TarEntry) {
            let kind =
                switch entry.kind {
                case .file: "file"
                case .hardLink(let target): "hard \(target)"
                case .symbolicLink(let target): "link \(target)"
                case .folder: "folder"
                case .other: "other"
                }
            lines.append("\(entry.path) \(kind)")
            content = []
        }

        mutating func content(_ bytes: ArraySlice<UInt8>, at offset: Int) {
            #expect(offset == content.count)
            content += bytes
        }

        mutating func end() {
            if !content.isEmpty { lines[lines.count - 1] += " " + String(decoding: content.prefix(20), as: UTF8.self) }
        }
    }

    private func list(_ bytes: [UInt8], by step: Int = .max) throws -> [String] {
        var listing = Listing()
        var reader = TarReader()
        var rest = bytes[...]
        while !rest.isEmpty {
            try reader.push(rest.prefix(step), &listing)
            rest = rest.dropFirst(step)
        }
        try reader.finish()
        return listing.lines
    }

    private static let long = String(repeating: "d/", count: 80) + "end"

    private var sample: SampleTar {
        var tar = SampleTar()
        tar.add("a/", type: "5")
        tar.add("a/b", Array("text".utf8))
        tar.link("a/c", to: "/a/b")
        tar.add("a/hard", type: "1", link: "a/b")
        tar.add("././@LongLink", Array(Self.long.utf8) + [0], type: "L")
        tar.add("cut", Array(repeating: UInt8(ascii: "x"), count: 600))
        let record = " path=\(Self.long)2\n"
        tar.add("pax", Array("\(record.utf8.count + 3)\(record)14 mtime=1.52\n".utf8), type: "x")
        tar.add("cut", Array("y".utf8))
        tar.add("dev", type: "3")
        tar.add("empty")
        return tar
    }

    @Test(arguments: [1, 100, 511, 512, 513, 100_000]) func `entries come out, however the bytes came in`(step: Int)
        throws
    {
        #expect(
            try list(sample.finished, by: step) == [
                "a/ folder", "a/b file text", "a/c link /a/b", "a/hard hard a/b",
                "\(Self.long) file xxxxxxxxxxxxxxxxxxxx", "\(Self.long)2 file y", "dev other", "empty file",
            ])
    }

    @Test func `what follows the end is not read`() throws {
        #expect(try list(sample.finished + [1, 2, 3]).count == 8)
        #expect(try list([]) == [])
        #expect(try list(sample.bytes).count == 8)
    }

    @Test func `an archive that ends in its midst is told`() {
        var tar = SampleTar()
        tar.add("a", Array(repeating: 1, count: 2000))
        for count in [1, 511, 513, 1000, 2511] {
            #expect(throws: MalformedTar(reason: "it ends in the midst of an entry")) {
                try list(Array(tar.bytes.prefix(count)))
            }
        }
    }

    @Test func `a damaged header is told`() {
        var bytes = sample.finished
        bytes[3] ^= 1
        #expect(throws: MalformedTar(reason: "a header's checksum is wrong")) { try list(bytes) }
        #expect(throws: MalformedTar.self) { try list(Array(repeating: UInt8(ascii: "x"), count: 2000)) }
    }

    @Test func `a name without end is refused before it is held`() {
        var tar = SampleTar()
        tar.add("x", Array(repeating: 1, count: (1 << 20) + 1), type: "L")
        #expect(throws: MalformedTar(reason: "a name in it has 1048577 bytes")) {
            try list(Array(tar.bytes.prefix(512)))
        }
    }

    @Test func `bytes of any kind have an answer`() {
        var state: UInt64 = 7
        for _ in 0..<2000 {
            var bytes = sample.finished
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            _ = try? list(bytes)
        }
    }
}

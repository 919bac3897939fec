import Compression
import FoundationEssentials
import Testing

extension Tag {
    @Tag static var small: Self
    @Tag static var medium: Self
}

@Suite(.tags(.small))
struct DecompressorTests {
    /// Made by gzip 1.12 and zstd 1.5.4; the third and fifth are two streams one after the other, the fifth with a frame
    /// before them that holds nothing.
    private static let hello = [
        "KLUv/QRYaQAAaGVsbG8sIGxheWVyCoK1qXA=",
        "H4sIAAAAAAAAA8tIzcnJ11EAAJlW6hEHAAAAH4sIAAAAAAAAA8tJrEwt4gIAyCRRzwYAAAA=",
        "UCpNGAMAAABhYmMotS/9BFg5AABoZWxsbywgz7k+cyi1L/0EWDEAAGxheWVyCnyXsJQ=", "aGVsbG8sIGxheWVyCg==",
    ]

    /// 4 MiB of zeros.
    private static let zeros =
        "KLUv/QRoTAAACAABAPz/ORACAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAwAQACidvHw="

    private func bytes(_ text: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: text))) }

    private func unpack(_ input: [UInt8], by step: Int = .max, limit: Int = 1 << 30) throws -> [UInt8] {
        let decompressor = Decompressor(limit: limit)
        var output: [UInt8] = []
        var rest = input[...]
        while !rest.isEmpty {
            try decompressor.push(Array(rest.prefix(step))) { output += $0 }
            rest = rest.dropFirst(step)
        }
        try decompressor.finish { output += $0 }
        return output
    }

    @Test(arguments: hello, [1, 3, 7, 1000]) func `bytes come out, however they came in`(text: String, step: Int) throws
    {
        #expect(try unpack(bytes(text), by: step) == Array("hello, layer\n".utf8))
    }

    @Test(arguments: hello.dropLast()) func `a stream that ends in its midst is told`(text: String) throws {
        let whole = try bytes(text)
        for count in stride(from: whole.count - 1, to: whole.count - 12, by: -1) {
            #expect(throws: Decompressor.Failure.truncated) { try unpack(Array(whole.prefix(count))) }
        }
    }

    @Test(arguments: hello.dropLast()) func `damaged bytes are told`(text: String) throws {
        var damaged = try bytes(text)
        damaged[damaged.count - 6] ^= 0xFF
        damaged[damaged.count / 2 + 2] ^= 0xFF
        #expect(throws: Decompressor.Failure.self) { try unpack(damaged) }
    }

    @Test(arguments: [1, 100, 1 << 16]) func `much comes out of little`(step: Int) throws {
        let output = try unpack(bytes(Self.zeros), by: step)
        #expect(output.count == 4 << 20)
        #expect(output.allSatisfy { $0 == 0 })
    }

    @Test func `more than the limit is an error, and ends there`() throws {
        let decompressor = Decompressor(limit: 1 << 20)
        var count = 0
        #expect(throws: Decompressor.Failure.tooLarge(limit: 1 << 20)) {
            try decompressor.push(bytes(Self.zeros)) { count += $0.count }
        }
        #expect(count <= 1 << 20)
    }

    @Test func `nothing is nothing`() throws {
        #expect(try unpack([]) == [])
        #expect(try unpack([1, 2]) == [1, 2])
    }
}

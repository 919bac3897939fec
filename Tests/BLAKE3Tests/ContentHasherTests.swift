import BLAKE3
import Testing

@Suite(.tags(.small)) struct ContentHasherTests {
    /// The input of the official vectors: the bytes 0 to 250 again and again.
    static func input(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

    static let known = [
        (0, "b3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        (1, "b3:2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
        (1024, "b3:42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
        (102_400, "b3:bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
        // Of b3sum: whole subtrees, with nothing after the last.
        (16_384, "b3:f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4"),
        (131_072, "b3:306baba93b1a393cbd35172837c98b0f59a41f64e1b2682ae102d8b2534b9e1c"),
        (196_608, "b3:88939057eab3697bc0f667ad559433aad6e7a1bf5172aa28cc5420785b1e368c"),
    ]

    @Test(arguments: known)
    func hashesToThePublishedValue(count: Int, id: String) {
        #expect(ContentID(of: Self.input(count)).description == id)
    }

    /// Around every border of the tree: block, chunk, the eight lanes, the largest subtree.
    @Test(arguments: [63, 64, 65, 1023, 1025, 8191, 8192, 8193, 16384, 16385, 65536, 65537, 131_072, 131_073, 200_000])
    func vectorAndPortableCodeAgree(count: Int) {
        let hashes = ContentHasher.Vectors.allCases.map { vectors in
            var hasher = ContentHasher(vectors: vectors)
            hasher.update(Self.input(count))
            return hasher.finalize()
        }
        #expect(Set(hashes).count == 1)
    }

    @Test(arguments: [1, 63, 64, 1000, 1024, 1025, 8192, 8193, 9000, 16384, 16389, 32768, 40960, 65536, 65537, 131_072])
    func piecesOfAnySizeGiveTheSameHash(size: Int) {
        let input = Self.input(200_000)
        var hasher = ContentHasher()
        for start in stride(from: 0, to: input.count, by: size) { hasher.update(input[start...].prefix(size)) }
        #expect(hasher.contentID == ContentID(of: input))
    }

    @Test func finalizingDoesNotEndTheHash() {
        var hasher = ContentHasher()
        hasher.update([0])
        _ = hasher.finalize()
        hasher.update(Self.input(102_400).dropFirst())
        #expect(hasher.contentID.description == Self.known[3].1)
    }

    @Test func bytesThatAreNotContiguousAreTakenToo() {
        var hasher = ContentHasher()
        hasher.update(Self.input(2000).lazy.map { $0 })
        #expect(hasher.contentID == ContentID(of: Self.input(2000)))
    }
}

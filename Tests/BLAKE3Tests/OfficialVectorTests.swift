import BLAKE3
import FoundationEssentials
import Testing

/// The published vectors; found through `PINION_SUITES`, a folder that holds `blake3/test_vectors.json`.
@Suite(.tags(.medium)) struct OfficialVectorTests {
    struct Vectors: Decodable {
        struct Case: Decodable {
            let inputLength: Int
            let hash: String
            enum CodingKeys: String, CodingKey {
                case inputLength = "input_len"
                case hash
            }
        }
        let cases: [Case]
    }

    @Test(arguments: ContentHasher.Vectors.allCases)
    func hashAndExtendedOutputAreThePublishedOnes(vectors: ContentHasher.Vectors) throws {
        guard let root = ProcessInfo.processInfo.environment["PINION_SUITES"] else {
            print("not run: PINION_SUITES is not set")
            return
        }
        let data = try Data(contentsOf: URL(filePath: root + "/blake3/test_vectors.json"))
        let cases = try JSONDecoder().decode(Vectors.self, from: data).cases
        #expect(cases.count > 30)
        for vector in cases {
            var hasher = ContentHasher(vectors: vectors)
            hasher.update(ContentHasherTests.input(vector.inputLength))
            let output = hasher.finalize(length: vector.hash.count / 2)
            #expect(output.map(hex).joined() == vector.hash, "\(vector.inputLength) bytes")
        }
    }

    private func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

import BLAKE3
import Testing

@Suite(.tags(.small)) struct ContentIDTests {
    static let digits = String(repeating: "0123456789abcdef", count: 4)

    @Test func readsWhatItWrites() throws {
        #expect(try ContentID("b3:" + Self.digits).description == "b3:" + Self.digits)
    }

    @Test(arguments: [
        "", "b3:", digits, "B3:" + digits, "b3:" + digits + "0", "b3:" + digits.dropLast(), "sha256:" + digits,
        "b3:" + digits.uppercased(), "b3:" + digits.dropLast() + "g", "b3:" + digits + "\n",
    ])
    func refusesAnythingElse(text: String) {
        #expect(throws: MalformedContentID.self) { try ContentID(text) }
    }
}

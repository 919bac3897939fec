import Testing

@testable import OCI

@Suite(.tags(.small))
struct ProgramHeadTests {
    private func head(_ bytes: [UInt8], by step: Int = .max) -> ProgramHead? {
        var reader = ProgramHeadReader()
        var offset = 0
        while offset < bytes.count {
            let piece = bytes[offset..<min(bytes.count, offset + min(step, bytes.count))]
            reader.content(piece, at: offset)
            offset += piece.count
        }
        return reader.finish()
    }

    @Test(arguments: [600, 4000, 4090, 9000], [1, 1000, 4096, .max])
    func `a program's machine and loader are read, wherever the loader's name is`(place: Int, step: Int) {
        let bytes = SampleELF.bytes(SampleELF.arm64, loader: "/lib/ld-linux-aarch64.so.1", at: place)
        #expect(head(bytes + [1, 2, 3], by: step) == .elf(.arm64, loader: "/lib/ld-linux-aarch64.so.1"))
    }

    @Test func `programs of 32 bits, without a loader, libraries`() {
        #expect(
            head(SampleELF.bytes(40, loader: "/lib/ld.so", is64: false))
                == .elf(ProgramHead.Machine(code: 40), loader: "/lib/ld.so"))
        #expect(head(SampleELF.bytes(62, type: 3)) == .elf(.amd64, loader: nil))
        #expect(ProgramHead.Machine(code: 40).name == "arm (32 bit)")
    }

    @Test func `objects, texts and stubs are no programs`() {
        #expect(head(SampleELF.bytes(62, type: 1)) == nil)
        #expect(head(Array("hello".utf8)) == nil)
        #expect(head([]) == nil)
        #expect(head([0x7F, 0x45, 0x4C, 0x46]) == nil)
    }

    @Test func `a script names its interpreter`() {
        #expect(head(Array("#! /bin/sh -e\necho\n".utf8), by: 1) == .script(" /bin/sh -e"))
        #expect(head(Array("#!/x".utf8)) == .script("/x"))
    }

    @Test func `headers of any kind have an answer`() {
        var state: UInt64 = 3
        for _ in 0..<3000 {
            var bytes = SampleELF.bytes(62, loader: "/lib/x")
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[4 + Int(state >> 33) % 180] = UInt8(truncatingIfNeeded: state >> 20) | (state & 1 == 0 ? 0xF0 : 0)
            }
            _ = head(bytes, by: 100)
        }
    }
}

import FoundationEssentials
import Testing

/// The pages of the docs that are made from the program.
@Suite(.tags(.medium)) struct ReferenceTests {
    @Test(arguments: [("commands", "Commands"), ("errors", "Errors")])
    func `a page is what the program says`(page: String, file: String) async throws {
        let run = try await Pinion.run(["reference", page])
        #expect(run.succeeded())
        let path = "\(ErrorExplanationTests.root)/Sources/CLI/CLI.docc/\(file).md"
        let written = try String(contentsOfFile: path, encoding: .utf8)
        #expect(run.stdout == written, "Write it again: make docs")
    }
}

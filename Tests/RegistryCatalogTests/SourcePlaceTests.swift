import DeploymentModel
import Testing

@testable import RegistryCatalog

/// Where the cause of a failure stands in a Dockerfile or a spec.
@Suite struct SourcePlaceTests {
    private static let dockerfile =
        "# syntax=x\nFROM a\n\nRUN one && \\\n  # why\n  two\nrun three\nRUN four\nRUN four\n"

    @Test(arguments: [
        ("RUN one &&   two", 4), ("RUN three", 7), ("FROM a", 2), ("RUN four", nil), ("RUN five", nil), ("", nil),
    ])
    func `an instruction is found by its words, where one alone has them`(instruction: String, line: Int?) {
        let spot = DockerfileSpot(line: nil, instruction: instruction)
        #expect(spot.line(in: Array(Self.dockerfile.utf8)) == line)
        #expect(DockerfileSpot(line: 99, instruction: instruction).line(in: []) == 99)
    }

    private static let spec = """
        # what it does
        ref: a/b@1
        image:
          platforms: {amd64: x}
        build: {context: .}
        secrets: {required: [A]}
        smoke:
          inputs: {}
        """

    @Test(arguments: [
        (ErrorCode.imageUnpinned, 4, 3), (.registryMismatch, 4, 3), (.imageBuild, 5, 1), (.missingSecret, 6, 1),
        (.inputs, 8, 3), (.health, 2, 1), (.modal, 2, 1), (.outputMismatch, 2, 1),
    ])
    func `a failure stands at the part of the spec that it is about, else at the ref`(
        code: ErrorCode, line: Int, column: Int
    ) {
        let place = SpecPart.place(of: code, in: Array(Self.spec.utf8))
        #expect(place?.line == line && place?.column == column, "\(String(describing: place))")
        #expect(SpecPart.place(of: code, in: Array("ref: [".utf8)) == nil)
        #expect(SpecPart.place(of: code, in: Array("x: y".utf8)) == nil)
    }
}

import DeploymentModel
import FoundationEssentials
import JSON
import Testing

@testable import Adapters

/// The page of error codes is held to the code and to the tests that it names.
@Suite(.tags(.medium)) struct ErrorTableTests {
    /// Codes that no run ends with: they belong to reading the registry, and to pushing.
    private static let elsewhere: Set<ErrorCode> = [
        .imagePush, .nameCollision, .versionMutated, .yaml, .yamlBudget,
    ]

    private static var root: String { #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() }

    @Test func eachCodeHasItsRowAndItsTest() throws {
        let page = try String(
            contentsOfFile: Self.root + "/Sources/Adapters/Adapters.docc/Errors.md", encoding: .utf8)
        var rows: [String: String] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `ERR_") {
            let cells = line.split(separator: "|").map { $0.split(separator: "`").dropFirst().first.map(String.init) }
            rows[try #require(cells[0])] = try #require(cells.last ?? nil)
        }
        let wanted = Set(ErrorCode.allCases).subtracting(Self.elsewhere)
        #expect(Set(rows.keys) == Set(wanted.map(\.rawValue)))
        for code in wanted.sorted(by: { $0.rawValue < $1.rawValue }) {
            let file = try #require(rows[code.rawValue])
            let text = try String(contentsOfFile: "\(Self.root)/Tests/\(file)", encoding: .utf8)
            #expect(
                text.contains(code.rawValue) || text.contains(".\(code),") || text.contains(".\(code))"),
                "\(code.rawValue) in \(file)")
        }
    }

    @Test func aSchemaThatIsNoneIsTheSpecsFault() async throws {
        let processor = Processor(ref: try ProcessorRef("a/b@1"), specHash: "s", inputs: ["$ref": "nowhere@1"])
        let registry = RunnableRegistry(snapshotID: "sha256:0", processors: [processor.ref: processor])
        try await withWorld { world in
            let result = await MockAdapter(surroundings: RunSurroundings(world: world)).invoke(
                processorRef: "a/b@1", inputsJSON: ["mode": "mock"], writePrefix: "/artifacts/x/",
                executionID: try ExecutionID("E"), registrySnapshot: registry)
            #expect(result.failure?.code == .spec)
        }
    }
}

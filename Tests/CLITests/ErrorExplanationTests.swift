import DeploymentModel
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import CLI

@Suite(.tags(.medium)) struct ErrorExplanationTests {
    static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    /// The test that makes the cause of a code real. A new code does not compile without one.
    private static func test(of code: ErrorCode) -> String {
        switch code {
        case .inputs, .modeInvalid, .ciSafety, .missingSecret, .functionNotFound, .git, .prefixTemplate, .badFacet:
            "CLITests/RunTests.swift"
        case .outputDuplicate, .outputMismatch, .imagePull, .imageUnpinned, .timeout, .registryMismatch, .badResponse,
            .health, .docker, .network, .decodedSlash, .dotSegments:
            "CLITests/LyingProcessorTests.swift"
        case .imageBuild: "CLITests/LocalctlTests.swift"
        case .imagePush: "OCITests/PushTests.swift"
        case .imagePlatform: "CLITests/PlatformTruthTests.swift"
        case .modal: "AdaptersTests/Modal/ModalAdapterTests.swift"
        case .lease, .budget, .predicate, .pathTooLong, .segmentTooLong, .forbiddenSegment, .percentDecode:
            "AdaptersTests/RunCourseTests.swift"
        case .spec: "AdaptersTests/SchemaFaultTests.swift"
        case .wsTimeout, .wsProtocol, .wsClose: "AdaptersTests/TransportTests.swift"
        case .sandbox: "AdaptersTests/Tool/ToolAdapterTests.swift"
        case .nameCollision: "RegistryCatalogTests/EnvironmentTests.swift"
        case .versionMutated: "RegistryCatalogTests/SnapshotTests.swift"
        case .yaml, .yamlBudget: "CLITests/BadInputTests.swift"
        }
    }

    @Test(arguments: ErrorCode.allCases)
    func `each code has a test that makes its cause real`(code: ErrorCode) throws {
        let text = try String(contentsOfFile: "\(Self.root)/Tests/\(Self.test(of: code))", encoding: .utf8)
        #expect([code.rawValue, ".\(code),", ".\(code))", ".\(code)]"].contains { text.contains($0) })
    }

    @Test(arguments: ErrorCode.allCases)
    func `each code is explained in sentences`(code: ErrorCode) {
        let explanation = ErrorExplanation(code)
        for text in [explanation.cause, explanation.remedy] {
            #expect(text.hasSuffix(".") && text.count > 12, "\(text)")
        }
        #expect(!explanation.example.isEmpty)
    }

    @Test func `a code is explained to people and to scripts`() async throws {
        let text = try await Pinion.run(["explain", "image-unpinned"])
        #expect(text.succeeded())
        #expect(text.stdout.hasPrefix("ERR_IMAGE_UNPINNED  at fault: request · exit code 1\n"))
        let json = try await Pinion.run(["explain", "ERR_LEASE", "--json"])
        #expect(try json.json()["exitCode"] == 3)
        #expect(try json.json()["isWorthRetry"] == true)
        let all = try await Pinion.run(["explain", "--json"])
        #expect(try all.json().arrayValue?.count == ErrorCode.allCases.count)
    }

    /// `script` of util-linux gives a program a terminal.
    @Test func `on a terminal an error ends with the command that explains it, elsewhere not`() async throws {
        let folder = try TestSupport.TemporaryFolder()
        let arguments = ["plan", "--repo", folder.path]
        let piped = try await Pinion.run(arguments)
        #expect(piped.stderr.contains("ERR_GIT") && !piped.stderr.contains("pinion explain"))
        let line = ([Pinion.program] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let shown = try await Pinion.run("script", ["--quiet", "--return", "--command", line, "/dev/null"])
        #expect(shown.exitCode == 1)
        #expect(shown.stdout.contains("  pinion explain ERR_GIT"), "\(shown.stdout)")
    }

    @Test(arguments: [("ERR_IMAGE_UNPINED", "ERR_IMAGE_UNPINNED"), ("ws", "ERR_WS_CLOSE"), ("zzz", "pinion explain")])
    func `a code that is none is refused with those that are near`(code: String, near: String) async throws {
        let run = try await Pinion.run(["explain", code])
        #expect(run.exitCode == 4)
        #expect(run.stdout.isEmpty)
        #expect(run.stderr.contains(near), "\(run.stderr)")
    }
}

import Adapters
import DeploymentModel
import Testing

@Suite(.tags(.small)) struct WorldPathTests {
    static let canonical: [(String, String)] = [
        ("/artifacts/a", "/artifacts/a"),
        ("/streams/camera/frames", "/streams/camera/frames"),
        ("/artifacts/a%20b", "/artifacts/a b"),
        ("/artifacts/%61%62", "/artifacts/ab"),
        ("/%61rtifacts/x", "/artifacts/x"),
        ("/artifacts//a///b/", "/artifacts/a/b"),
        ("/artifacts/e\u{301}", "/artifacts/\u{E9}"),
        ("/artifacts/e%CC%81", "/artifacts/\u{E9}"),
        ("/artifacts/%C3%A9", "/artifacts/\u{E9}"),
        ("/artifacts/...", "/artifacts/..."),
        ("/artifacts/.gitignore", "/artifacts/.gitignore"),
        ("/artifacts/\u{338}x", "/artifacts/\u{338}x"),
        ("/artifacts/" + String(repeating: "x", count: 255), "/artifacts/" + String(repeating: "x", count: 255)),
        (ofLength(1024), ofLength(1024)),
        ("/artifacts/" + String(repeating: "%41", count: 200), "/artifacts/" + String(repeating: "A", count: 200)),
    ]

    /// A path of that many bytes, in segments of 100.
    private static func ofLength(_ count: Int) -> String {
        var text = "/artifacts"
        while text.utf8.count + 101 <= count { text += "/" + String(repeating: "x", count: 100) }
        let rest = count - text.utf8.count - 1
        return text + "/" + String(repeating: "y", count: rest)
    }

    @Test(arguments: canonical)
    func givesTheCanonicalPath(text: String, canonical: String) throws {
        let path = try WorldPath(text)
        #expect(Array(path.text.utf8) == Array(canonical.utf8))
        #expect(try WorldPath(path.text) == path)
    }

    static let refused: [(String, ErrorCode)] = [
        ("", .badFacet), ("artifacts/a", .badFacet), ("/", .badFacet), ("/artifacts", .badFacet),
        ("/artifacts/", .badFacet), ("/tmp/a", .badFacet), ("/Artifacts/a", .badFacet), ("/artifactsx/a", .badFacet),
        ("/artifacts/a%2Fb", .decodedSlash), ("/artifacts/%2f", .decodedSlash), ("/artifacts%2Fa", .decodedSlash),
        ("/artifacts/./a", .dotSegments), ("/artifacts/../a", .dotSegments), ("/artifacts/a/..", .dotSegments),
        ("/artifacts/%2e%2E/a", .dotSegments), ("/artifacts/.%2e/a", .dotSegments),
        ("/artifacts/.git/config", .forbiddenSegment), ("/artifacts/.GIT/config", .forbiddenSegment),
        ("/artifacts/%2egit", .forbiddenSegment), ("/artifacts/.well-known/x", .forbiddenSegment),
        ("/artifacts/a\0b", .forbiddenSegment), ("/artifacts/a%00b", .forbiddenSegment),
        ("/artifacts/a\\b", .forbiddenSegment), ("/artifacts/a%5cb", .forbiddenSegment),
        ("/artifacts/%", .percentDecode), ("/artifacts/%4", .percentDecode), ("/artifacts/%zz", .percentDecode),
        ("/artifacts/%25", .percentDecode), ("/artifacts/%2541", .percentDecode), ("/artifacts/%FF", .percentDecode),
        ("/artifacts/%ED%A0%80", .percentDecode), ("/artifacts/%C3/%A9", .percentDecode),
        ("/artifacts/" + String(repeating: "x", count: 256), .segmentTooLong),
        ("/artifacts/" + String(repeating: "é", count: 128), .segmentTooLong),
        (ofLength(1025), .pathTooLong),
        ("/artifacts/" + String(repeating: "a/", count: 5000), .pathTooLong),
    ]

    @Test(arguments: refused)
    func refusesWithTheCodeOfTheRule(text: String, code: ErrorCode) {
        #expect { try WorldPath(text) } throws: { ($0 as? Failure)?.code == code }
    }

    @Test func sortsByBytes() throws {
        // By UTF-16 the other way round.
        let paths = try ["/artifacts/\u{1F602}", "/artifacts/\u{FB33}", "/artifacts/a", "/artifacts/B"].map {
            try WorldPath($0)
        }
        #expect(
            paths.sorted().map(\.text) == [
                "/artifacts/B", "/artifacts/a", "/artifacts/\u{FB33}", "/artifacts/\u{1F602}",
            ])
    }
}

@Suite(.tags(.small)) struct WritePrefixTests {
    private let execution: ExecutionID

    init() throws { execution = try ExecutionID("E1") }

    @Test(arguments: [
        ("/artifacts/outputs/{execution_id}/", "/artifacts/outputs/E1/"), ("/artifacts/", "/artifacts/"),
        ("/streams//x/", "/streams/x/"), ("/artifacts/{execution_id}-{execution_id}/", "/artifacts/E1-E1/"),
    ])
    func expandsTheTemplate(template: String, text: String) throws {
        #expect(try WritePrefix(template, for: execution).text == text)
    }

    @Test(arguments: [
        ("/artifacts/x", ErrorCode.prefixTemplate), ("/artifacts/{run}/", .prefixTemplate),
        ("/artifacts/{/", .prefixTemplate), ("/artifacts/}/", .prefixTemplate), ("/artifacts/%7Bx/", .prefixTemplate),
        ("/artifacts/{execution_id/", .prefixTemplate), ("", .prefixTemplate), ("/tmp/", .badFacet),
        ("/artifacts/../", .dotSegments), ("/", .badFacet),
    ])
    func refusesOtherTemplates(template: String, code: ErrorCode) {
        #expect { try WritePrefix(template, for: execution) } throws: { ($0 as? Failure)?.code == code }
    }

    @Test func containsWhatIsBelowIt() throws {
        let prefix = try WritePrefix("/artifacts/out/", for: execution)
        #expect(prefix.contains(try WorldPath("/artifacts/out/a/b")))
        #expect(!prefix.contains(try WorldPath("/artifacts/outside/a")))
        #expect(!prefix.contains(try WorldPath("/artifacts/out")))
        #expect(try prefix.path(of: "text/a.txt").text == "/artifacts/out/text/a.txt")
        #expect { try prefix.path(of: "../a") } throws: { ($0 as? Failure)?.code == .dotSegments }
    }
}

import DeploymentModel
import FoundationEssentials
import JSON
import RegistryCatalog
import Testing

@testable import CLI

/// What CI shows of a lane, made of a report that others wrote into.
@Suite struct CIViewTests {
    /// Names and messages that would be commands, mark-up, calls of people or ends of values if anybody let them.
    static let hostile =
        "a|b `c` <img src=x> [x](y) @everyone\r\n::set-output name=x::y%0A\n##[error]no\u{1B}[31m *b* ~~~ $x$ |"

    static func report() throws -> LaneReport {
        let ref = try ProcessorRef("text/stats@1")
        var report = LaneReport(
            lane: "pr", environment: "local", commit: String(repeating: "3f2c1ab4", count: 5),
            base: String(repeating: "51c09aa0", count: 5))
        report.run = "693a0f5e8f3a"
        report.selected = [LaneReport.Selected(ref: ref, reason: "app/a|b.py changed")]
        report.changedFiles = 2
        var judged = LaneReport.Step(.validate, .passed, "1 warning")
        judged.diagnostics = [
            Diagnostic(
                .note, .imageUnpinned, "text/stats@1 is not pinned yet", file: "registry/a.yaml", line: 6, column: 12),
            Diagnostic(
                .warning, .spec, "'nmae' is unknown", file: "registry/processors/ä b,c:d.yaml", line: 3, column: 1,
                length: 4, fix: "did you mean 'name'?"),
        ]
        var built = LaneReport.Step(.build([.host]), .failed, "1 failed")
        built.seconds = 12.34
        built.problems = [
            LaneReport.Problem(
                ref: ref, file: "registry/processors/text_stats/Dockerfile", line: 3,
                failure: Failure(
                    .imageBuild, "text/stats@1 can't be built: \(Self.hostile)", remedy: "See it with --verbose.",
                    detail: "```\n\(Self.hostile)\n```"))
        ]
        report.steps = [judged, built, LaneReport.Step(.smoke(.local, .build), .skipped, "because build failed")]
        report.tests = [
            LaneReport.Test(ref: ref, name: .smoke, adapter: .local, seconds: 1.5, failure: nil),
            LaneReport.Test(
                ref: ref, name: .probe, adapter: .local, seconds: 0.25,
                failure: Failure(.health, "]]> & \"\(Self.hostile)\u{0}", detail: "</failure>")),
        ]
        report.digests = [
            ref: [.amd64: try Digest("sha256:" + String(repeating: "a", count: 64))]
        ]
        report.close()
        return report
    }

    private static let plan = "local ← main@3f2c1ab · 1 processor\n```\n::error::x\n</details>"

    static func golden(_ name: String) throws -> String {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/"
        return String(decoding: try Data(contentsOf: URL(filePath: folder + name)), as: UTF8.self)
    }

    private static let uuid = UUID(uuidString: "8A6E0804-2BD0-4672-B79D-D97027F9071A") ?? UUID()

    @Test func `every view of one report is as it is meant to be`() throws {
        let report = CIReport(try Self.report(), plan: Self.plan)
        #expect(CIPage(report).summary(limit: CIPage.summaryLimit) == (try Self.golden("ci-summary.md")))
        #expect(CIPage(report).comment == (try Self.golden("ci-comment.md")))
        #expect(
            Annotations(report.diagnostics).lines.joined(separator: "\n") + "\n"
                == (try Self.golden("ci-annotations.txt")))
        #expect(
            WorkflowOutputs(report, reports: "pinion-reports", uuid: { Self.uuid }).text
                == (try Self.golden("ci-outputs.txt")))
        #expect(CodeQuality(report.diagnostics).text + "\n" == (try Self.golden("ci-code-quality.json")))
        #expect(try Self.report().junit + "\n" == Self.golden("ci-junit.xml"))
    }

    @Test func `GitHub takes ten annotations of a kind, and the tenth tells how many more there are`() {
        func found(_ count: Int, _ severity: Diagnostic.Severity) -> [Diagnostic] {
            (0..<count).map { Diagnostic(severity, .spec, "no. \($0)", file: "f\($0).yaml", line: $0 + 1) }
        }
        let ten = Annotations(found(10, .error)).lines
        #expect(ten.count == 10 && ten[9].contains("no. 9"))
        let lines = Annotations(found(2, .note) + found(11, .warning) + found(25, .error)).lines
        #expect(lines.count { $0.hasPrefix("::error ") } == 10)
        #expect(lines.count { $0.hasPrefix("::warning ") } == 10)
        #expect(lines.count { $0.hasPrefix("::notice ") } == 2)
        #expect(lines[0] == "::error file=f0.yaml,line=1,title=ERR_SPEC::no. 0")
        #expect(
            lines[9]
                == "::error title=and 16 more::16 errors more in 16 files: see the summary of the job, or its log.")
        #expect(lines[19].hasPrefix("::warning title=and 2 more::2 warnings more in 2 files"))
        #expect(lines[21].hasPrefix("::notice "))
    }

    @Test func `an annotation is one line, whatever ends lines in it`() {
        for end in ["\n", "\r", "\r\n", "\n\r"] {
            let text = Annotation(
                Diagnostic(.error, .spec, "a\(end)::error::b", file: "a\(end)::b,c", fix: "c\(end)d")
            ).text
            #expect(!text.unicodeScalars.contains("\n") && !text.unicodeScalars.contains("\r"), "\(text)")
            #expect(text.hasPrefix("::error file=a%0") && text.contains("%3A%3Ab%2Cc,title="), "\(text)")
        }
        let long = Annotation(Diagnostic(.error, .spec, String(repeating: "x", count: 100_000), file: "a")).text
        #expect(long.utf8.count < 5000 && long.hasSuffix(" …"))
    }

    /// The runner's own rule: white space before it does not matter, and CR ends a line as LF does.
    @Test func `nothing that others wrote into a log is a command`() {
        let text =
            "::add-mask::x\n  \t::error::y\r::stop-commands::z\r\n\u{A0}::warning::w\nplain ::error:: text\n##[group]g"
        var whole = WorkflowLog()
        let log = whole.text(text, to: .error)
        for line in log.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
            let start = String(line).drop(while: \.isWhitespace)
            #expect(!start.hasPrefix("::"), "\(start)")
            #expect(!start.contains("##["), "\(start)")
        }
        #expect(log.contains("plain ::error:: text") && log.hasPrefix("\\::add-mask::x\n"))
        #expect(Self.written(["a: b\n::"]) == "a: b\n\\::" && Self.written(["a:\n:b"]) == "a:\n:b")
    }

    /// What a stream gets of pieces of a text.
    private static func written(_ pieces: [String]) -> String {
        var log = WorkflowLog()
        return pieces.map { log.text($0, to: .output) }.joined()
    }

    /// A processor chooses where its tokens end.
    @Test func `a command that comes in pieces is none either, wherever it is parted`() {
        for command in [
            "::error::x", "a\n  ::add-mask::y", "##[error]z", "a\r::stop-commands::b", "\t::set-output name=a::b",
        ] {
            let characters = Array(command)
            for first in 0...characters.count {
                for second in first...characters.count {
                    let pieces = [characters[..<first], characters[first..<second], characters[second...]].map {
                        String($0)
                    }
                    let text = Self.written(pieces)
                    for line in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
                        let start = String(line).drop(while: \.isWhitespace)
                        #expect(!start.hasPrefix("::") && !start.contains("##["), "\(pieces): \(text)")
                    }
                    #expect(text.replacing("\\", with: "") == command, "\(pieces)")
                }
            }
        }
        // A line that the other stream ends begins anew where both are one pipe.
        var log = WorkflowLog()
        _ = log.text("token", to: .output)
        _ = log.text("a line\n", to: .error)
        #expect(log.text("::error::x", to: .output) == "\\::error::x")
    }

    private static func large(_ count: Int) throws -> CIReport {
        var report = CIReport(try report(), plan: String(repeating: "a line of a plan\n", count: 5000))
        report.findings += (0..<count).map { number in
            CIReport.Finding(
                Diagnostic(.error, .spec, "no. \(number): \(Self.hostile)", file: "a.yaml", line: number + 1))
        }
        return report
    }

    @Test(arguments: [CIPage.summaryLimit, CIPage.commentLimit, 5000, 900])
    func `a page ends at a whole row, and says how many are left out`(limit: Int) throws {
        let report = try Self.large(20_000)
        let text = CIPage(report).summary(limit: limit)
        #expect(text.utf8.count <= limit && text.utf8.count > limit / 2, "\(text.utf8.count)")
        #expect(text.contains(" rows left out here. All of it is in the log of the job._\n"))
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("- ") }
        let whole = Set(CIPage(report).summary(limit: .max / 2).split(separator: "\n"))
        for row in rows { #expect(whole.contains(row), "\(row)") }
        // What is opened is closed.
        #expect(text.ranges(of: "<details>").count == text.ranges(of: "</details>\n").count)
        #expect(text.split(separator: "\n").count { $0.hasPrefix("````") } % 2 == 0)
    }

    @Test func `what GitHub has of the summary already counts, and where nothing fits nothing is written`() throws {
        let report = try Self.large(20_000)
        #expect(CIPage(report).comment.utf8.count <= 64 << 10)
        for limit in [100, 0, -5000] { #expect(CIPage(report).summary(limit: limit).utf8.count <= max(0, limit)) }
    }

    /// As the runner reads the file: `name<<mark`, lines, the mark.
    private static func read(_ text: String) throws -> [String: String] {
        var values: [String: String] = [:]
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let head = lines.popFirst(), !head.isEmpty {
            let range = try #require(head.firstRange(of: "<<"), "\(head)")
            let (name, mark) = (head[..<range.lowerBound], head[range.upperBound...])
            let end = try #require(lines.firstIndex(of: mark))
            values[String(name)] = lines[..<end].joined(separator: "\n")
            lines = lines[(end + 1)...]
        }
        return values
    }

    @Test func `no value of an output can end itself or begin another`() throws {
        let mark = "pinion_\(Self.uuid.uuidString)"
        var ids = [Self.uuid, UUID(uuidString: "00000000-0000-4000-8000-000000000001") ?? UUID()][...]
        let value = "x\n\(mark)\nstate<<y\npassed\ny"
        let entry = WorkflowOutputs.entry("a", value) { ids.popFirst() ?? UUID() }
        #expect(try Self.read(entry) == ["a": value])

        let values = try Self.read(WorkflowOutputs(CIReport(Self.report(), plan: nil), reports: nil).text)
        #expect(
            values.keys.sorted() == [
                "changed", "commit", "digests", "environment", "refs", "reports", "run", "state",
            ])
        #expect(values["state"] == "failed" && values["changed"] == "true")
        #expect(try JSONValue(parsing: values["refs"] ?? "") == ["text/stats@1"])
        let digests = try JSONValue(parsing: values["digests"] ?? "")
        #expect(digests["text/stats@1"]?["amd64"]?.stringValue?.hasPrefix("sha256:aaaa") == true)
    }

    @Test func `findings of GitLab keep their fingerprints when lines move, and equal ones have one each`() throws {
        func prints(_ line: Int) throws -> [String] {
            let found = (0..<2).map { Diagnostic(.error, .spec, "x", file: "a.yaml", line: line + $0) }
            return try JSONValue(parsing: CodeQuality(found).text).arrayValue?
                .compactMap { $0["fingerprint"]?.stringValue } ?? []
        }
        #expect(try Set(prints(1)).count == 2)
        #expect(try prints(1) == prints(40))
    }

    @Test func `the action in this repository is the one that is written for others`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let file = "\(root)/\(GitHubAction.folder)/action.yml"
        #expect(try String(contentsOfFile: file, encoding: .utf8) == GitHubAction.text)
    }
}

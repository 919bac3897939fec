import DeploymentModel
import Testing

@testable import CLI

/// Lines of a terminal break between words.
@Suite struct WrappedTextTests {
    @Test func whatGoesOnStandsBelowTheTextOfItsRow() {
        let row = "built     linux/amd64 sha256:0ff084020dc7… from 1111111 by buildx 0.13"
        #expect(
            row.wrapped(40) == """
                built     linux/amd64
                          sha256:0ff084020dc7… from
                          1111111 by buildx 0.13
                """)
        #expect("note: one two three".wrapped(12) == "note: one\n  two three")
        #expect("  one two three".wrapped(10) == "  one two\n  three")
        #expect(row.wrapped(nil) == row && row.wrapped(200) == row)
    }

    @Test func coloursTakeNoRoomAndWideLettersTwoColumns() {
        let style = Style(isColoured: true)
        #expect(
            "\(style.bold("name"))  one \(style.red("two")) three".wrapped(14)
                == "\(style.bold("name"))  one \(style.red("two"))\n  three")
        #expect("日本 日本 日本".wrapped(9) == "日本 日本\n  日本")
    }

    @Test func aWordThatIsTooLongStaysWholeAndNoOtherIsBroken() {
        let word = String(repeating: "x", count: 30)
        #expect("a  b \(word) c".wrapped(20) == "a  b\n\(word)\n   c")
        let text = "  ✗ text/stats@1  smoke  the container ended with code 1 after a while and said nothing at all"
        for width in 24...100 {
            let lines = text.wrapped(width).split(separator: "\n")
            #expect(lines.allSatisfy { String($0).columns <= width }, "\(width): \(lines)")
            #expect(
                lines.flatMap { $0.split(separator: " ") } == text.split(separator: " "), "\(width): \(lines)")
        }
    }

    @Test func ofALongLineOfAFileThatPartIsShownWhichIsMarked() {
        let source = Array(
            ("a: " + String(repeating: "x ", count: 60) + "bad: 1" + String(repeating: " y", count: 60)).utf8)
        let diagnostic = Diagnostic(.error, .spec, "no", file: "a.yaml", line: 1, column: 124, length: 3)
        let lines = DiagnosticText(diagnostic, source: source, style: Style(isColoured: false, width: 60)).text
            .split(separator: "\n")
        #expect(lines[2].count <= 60 && lines[2].contains("…"), "\(lines)")
        let mark = lines[3].firstIndex(of: "^").map { lines[3].distance(from: lines[3].startIndex, to: $0) } ?? 0
        #expect(lines[2].dropFirst(mark).hasPrefix("bad"), "\(lines)")
    }

    @Test func checksHaveTheirFindingAndRemedyInOneColumn() {
        let findings = [
            Finding.ok("engine", "Docker 26.1.5, API 1.45, at unix:///var/run/docker.sock"),
            .warning(
                "platforms", "arm64 can't be run on this host, nor be built where a RUN line runs something of it",
                "docker run --privileged --rm tonistiigi/binfmt --install arm64"),
            .error("OCI registry", "ghcr.io answers, and there is no log-in for it", "docker login ghcr.io"),
        ]
        #expect(
            FindingsText(findings, style: .plain).text.wrapped(60) == """
                ✓ engine        Docker 26.1.5, API 1.45, at
                                unix:///var/run/docker.sock
                ! platforms     arm64 can't be run on this host, nor be
                                built where a RUN line runs something of it
                                docker run --privileged --rm
                                tonistiigi/binfmt --install arm64
                ✗ OCI registry  ghcr.io answers, and there is no log-in for
                                it
                                docker login ghcr.io
                """)
    }
}

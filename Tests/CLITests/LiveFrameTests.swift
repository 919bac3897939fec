import DeploymentModel
import Testing

@testable import CLI
@testable import Reconciliation

/// What a terminal shows of what is under way, and texts that are cut to its width.
@Suite struct LiveFrameTests {
    private func event(
        _ ref: String, _ step: RunEvent.Step, _ kind: RunEvent.Kind, at time: Double, on platform: Platform? = nil
    ) throws -> RunEvent {
        RunEvent(ref: try ProcessorRef(ref), step: step, platform: platform, kind: kind, time: time)
    }

    private func lines(_ events: [RunEvent], at time: Double, width: Int = 80, height: Int = 8) -> [String] {
        var frame = LiveFrame()
        for event in events { frame.note(event) }
        return frame.lines(at: time, width: width, height: height, style: .plain)
    }

    @Test func eachActionHasALineWithItsTimeAndWhatItSaidLast() throws {
        let events = try [
            event("text/stats@1", .build, .started, at: 1, on: .amd64),
            event("llm/litellm@1", .smoke, .started, at: 3),
            event("text/stats@1", .build, .log("#7 [2/4] RUN true\n"), at: 3.5, on: .amd64),
            event("text/stats@1", .build, .log("  \n"), at: 3.6, on: .amd64),
            event("media/metadata@1", .pin, .started, at: 3),
            event("media/metadata@1", .pin, .finished("both"), at: 3.4),
        ]
        #expect(
            lines(events, at: 4) == [
                "⠋ text/stats@1   build linux/amd64   3.0s  #7 [2/4] RUN true",
                "⠋ llm/litellm@1  smoke               1.0s",
                "  1 step done · 4.0s",
            ])
        #expect(
            lines(events, at: 4.2, width: 48) == [
                "⠹ text/stats@1   build linux/amd64   3.2s  #7 …",
                "⠹ llm/litellm@1  smoke               1.2s",
                "  1 step done · 4.2s",
            ])
    }

    @Test func noLineIsWiderThanTheTerminalWhateverIsSaid() throws {
        let log = "\u{1B}[31mred\u{7}\t日本語の長い行" + String(repeating: "x", count: 300)
        let events = try [
            event("text/stats@1", .build, .started, at: 0, on: .amd64),
            event("text/stats@1", .build, .log(log), at: 1, on: .amd64),
        ]
        for width in 1...120 {
            for line in lines(events, at: 2, width: width).dropLast() {
                #expect(line.columns <= max(width - 1, 3), "\(width): \(line)")
                #expect(!line.contains("\u{1B}"))
            }
        }
    }

    @Test func whatOthersSaidIsTextInTheLinesOfARun() throws {
        let said = "a\u{1B}]0;x\u{7}b"
        for kind in [.log(said), .warning(said), .finished(said)] as [RunEvent.Kind] {
            let line = EventLines(style: .plain, .verbose).line(try event("a/b@1", .build, kind, at: 1))
            #expect(line?.hasSuffix("a\\u{1B}]0;x\\u{7}b") == true, "\(line ?? "")")
        }
    }

    @Test func whatDoesNotFitIsCounted() throws {
        let events = try (1...9).map { try event("a/p\($0)@1", .build, .started, at: 0) }
        let shown = lines(events, at: 1, height: 4)
        #expect(shown.count == 4)
        #expect(shown.dropFirst(2) == ["  and 7 more", "  0 steps done · 1.0s"])
    }

    @Test func aFailureIsCountedAndItsActionIsGone() throws {
        let events = try [
            event("a/b@1", .smoke, .started, at: 0),
            event("a/b@1", .smoke, .failed(Failure(.health, "it ended")), at: 1),
        ]
        #expect(lines(events, at: 2) == ["  0 steps done, 1 failed · 2.0s"])
    }

    @Test func aTableIsCutWhereItIsWidest() {
        let rows = [["text/stats@1", "running", "pinion-text-stats-v1-60d28ccbbfe3", "passed"]]
        let wide = TableText(["PROCESSOR", "STATE", "NAME", "SMOKE"], rows, style: .plain).text
        #expect(wide.hasSuffix("text/stats@1  running  pinion-text-stats-v1-60d28ccbbfe3  passed"))
        let narrow = TableText(
            ["PROCESSOR", "STATE", "NAME", "SMOKE"], rows, style: Style(isColoured: false, width: 50)
        ).text
        #expect(
            narrow == """
                PROCESSOR     STATE    NAME                 SMOKE
                text/stats@1  running  pinion-text-stats-…  passed
                """)
    }
}

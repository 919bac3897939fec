import DeploymentModel
import FoundationEssentials
import JSON
import Testing

@testable import CLI

/// What a run leaves on this host for whoever asks later what it was doing.
@Suite(.tags(.medium))
struct JournalFileTests {
    private func entry(_ kind: JournalEntry.Kind, _ text: String? = nil) throws -> JournalEntry {
        JournalEntry(
            kind, step: "deploy", ref: try ProcessorRef("text/stats@1"), platform: nil, text: text, time: 0.5)
    }

    @Test func `every entry is a line of JSON`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let journal = JournalFile(run: "r1", variables: ["XDG_STATE_HOME": folder.path])
        journal.write(try entry(.intent))
        journal.write(try entry(.done, "version 1\nand more"))
        let text = try String(contentsOfFile: folder.path + "/pinion/runs/r1/journal.jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines[0] == #"{"kind":"intent","ref":"text/stats@1","step":"deploy","time":0.5}"#)
        #expect(try JSONValue(parsing: String(lines[1]))["text"]?.stringValue == "version 1\nand more")
    }

    @Test func `the last fifty runs are kept`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for run in 100...160 { _ = JournalFile(run: "\(run)", variables: ["XDG_STATE_HOME": folder.path]) }
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/pinion/runs").sorted()
        #expect(kept == (111...160).map(String.init))
    }

    @Test func `where it cannot be written, nothing else fails`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Data().write(to: URL(filePath: folder.path + "/pinion"))
        JournalFile(run: "r1", variables: ["XDG_STATE_HOME": folder.path]).write(try entry(.intent))
        JournalFile(run: "r1", variables: [:]).write(try entry(.intent))
    }
}

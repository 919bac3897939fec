import DeploymentModel
import Dispatch
import FoundationEssentials
import JSON
import SystemPackage
import Testing

@testable import CLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a run leaves on this host for whoever asks later what it was doing.
@Suite(.tags(.medium))
struct JournalFileTests {
    private func entry(_ kind: JournalEntry.Kind, _ text: String? = nil) throws -> JournalEntry {
        JournalEntry(
            kind, step: "deploy", ref: try ProcessorRef("text/stats@1"), platform: nil, text: text, time: 0.5)
    }

    private func open(_ run: String, in folder: TemporaryFolder) -> JournalFile {
        let variables = ["XDG_STATE_HOME": folder.path]
        return JournalFile(in: RunFolder.making(run, variables: variables), variables: variables)
    }

    @Test func `every entry is a line of JSON`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let journal = open("r1", in: folder)
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
        for run in 100...160 { _ = open("\(run)", in: folder) }
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/pinion/runs").sorted()
        #expect(kept == (111...160).map(String.init))
    }

    @Test func `where it cannot be written, nothing else fails`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Data().write(to: URL(filePath: folder.path + "/pinion"))
        open("r1", in: folder).write(try entry(.intent))
        JournalFile(in: nil, variables: [:]).write(try entry(.intent))
    }

    @Test
    func `a run is over when its process has let go of its journal, and others can't tell of one they don't know`()
        throws
    {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let variables = ["XDG_STATE_HOME": folder.path]
        let run = try #require(RunFolder(of: "r1", variables: variables))
        #expect(run.isOver == nil)
        do {
            let journal = open("r1", in: folder)
            journal.write(try entry(.intent))
            #expect(run.isOver == false)
        }
        #expect(run.isOver == true)
        let host = ProcessInfo.processInfo.hostName
        func lease(on host: String, _ run: String) -> Lease {
            Lease([], for: LeaseHolder(holder: "Ann", host: host, run: run), epoch: 1, expiresAt: 1)
        }
        #expect(DeadRun(lease(on: host, "r1"), variables: variables) != nil)
        #expect(DeadRun(lease(on: "elsewhere", "r1"), variables: variables) == nil)
        #expect(DeadRun(lease(on: host, "r2"), variables: variables) == nil)
    }

    @Test func `a run that begins while somebody looks at its journal is seen to live afterwards`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let variables = ["XDG_STATE_HOME": folder.path]
        let run = try #require(RunFolder.making("r1", variables: variables))
        let look = try FileDescriptor.open(
            run.journal, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        try #require(flock(look.rawValue, LOCK_EX) == 0)
        // Off the threads that all tests share, for it waits.
        let (begun, begin) = AsyncStream.makeStream(of: JournalFile.self)
        DispatchQueue.global().async { @Sendable in
            begin.yield(JournalFile(in: run, variables: variables))
            begin.finish()
        }
        try await Task.sleep(for: .milliseconds(100))
        try look.close()
        for await journal in begun {
            journal.write(try entry(.intent))
            #expect(run.isOver == false)
        }
    }

    @Test func `what had begun on Modal is waited for only where something had`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        do {
            let journal = open("r1", in: folder)
            for kind in [JournalEntry.Kind.intent, .failed, .intent, .done] { journal.write(try entry(kind)) }
        }
        let holder = LeaseHolder(holder: "Ann", host: ProcessInfo.processInfo.hostName, run: "r1")
        let variables = ["XDG_STATE_HOME": folder.path]
        let dead = try #require(DeadRun(Lease([], for: holder, epoch: 1, expiresAt: 1), variables: variables))
        let wait = { await Task { await dead.awaitEnd() }.value }
        #expect(await wait())
        open("r1", in: folder).write(try entry(.intent))
        // A wait that is cut short has not seen the end.
        let task = Task { await dead.awaitEnd() }
        task.cancel()
        #expect(await !task.value)
    }
}

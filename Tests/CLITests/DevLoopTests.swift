import DeploymentModel
import Docker
import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The developer's loop, from the first build to the end, on a real engine and a real working tree.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(5)))
struct DevLoopTests {
    private static let spec = """
        ref: NS/say@1
        image:
          platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}
        build: {context: ., dockerfile: Dockerfile}
        runtime: {cpu: 1, memory_gb: 1, timeout_s: 60}
        api: {protocol: http}
        inputs: {type: object}
        outputs: [{path: say.txt, mime: text/plain}]
        smoke: {inputs: {}, startup_s: 30}

        """

    private static let dockerfile = """
        FROM \(Components.registry)/pinion/python:3
        COPY say.py word.txt /
        USER 65532:65532
        ENTRYPOINT ["python3", "-u", "/say.py"]

        """

    /// Writes the word of its file.
    private static let program = PythonProcessor(
        writing: "say.txt", "said()",
        setup: """
            def said():
                print("said it", flush=True)
                return open("/word.txt", "rb").read()
            """
    ).text

    /// A checkout with one processor of a namespace of its own.
    private struct Work {
        let checkout: GitCheckout
        let ref: ProcessorRef
        var folder: String { "registry/processors/\(ref.namespace)_say" }

        init() throws {
            ref = try ProcessorRef("t\(String(UInt32.random(in: .min ... .max), radix: 16))/say@1")
            let (namespace, folder) = (ref.namespace, "registry/processors/\(ref.namespace)_say")
            checkout = try GitCheckout([
                "\(folder)/registry.yaml": DevLoopTests.spec.replacing("NS", with: namespace),
                "\(folder)/Dockerfile": DevLoopTests.dockerfile, "\(folder)/say.py": DevLoopTests.program,
                "\(folder)/word.txt": "first\n",
            ])
        }

        /// What of the loop is left in the engine: containers and images.
        func leftovers() async throws -> [String] {
            let engine = try Sample.engine()
            let slug = ref.refSlug
            let names = try await engine.names(of: ImageReference(registry: "localhost", path: "pinion-dev/\(slug)"))
            let containers = try await Pinion.run("docker", ["ps", "-aq", "--filter", "label=dev.pinion.ref=\(ref)"])
            return names.map(\.description) + containers.stdout.split(separator: "\n").map(String.init)
        }
    }

    /// What a running loop prints, on both streams, read as it is waited for.
    private struct Reading {
        var iterator: SubprocessOutputSequence.AsyncIterator
        var text = ""

        /// Reads on until this is printed, and forgets what was read.
        mutating func wait(for wanted: String) async throws -> String {
            while true {
                if let range = text.firstRange(of: wanted) {
                    let read = String(text[..<range.upperBound])
                    text = String(text[range.upperBound...])
                    return read
                }
                guard let buffer = try await iterator.next() else {
                    Issue.record("the loop ended without '\(wanted)': \(text)")
                    throw CancellationError()
                }
                text += buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    @Test func `what is saved is built, run and shown; what is broken is told of; and nothing is left`() async throws {
        let work = try Work()
        let index = try Data(contentsOf: URL(filePath: work.checkout.path + "/.git/index"))
        let result = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: [
                "-c", "exec \"$0\" \"$@\" 2>&1", Pinion.program, "dev", "\(work.ref)", "--repo", work.checkout.path,
            ],
            environment: .inherit.updating(["NO_COLOR": "1", "CI": nil]), input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            var reading = Reading(iterator: execution.standardOutput.makeAsyncIterator())
            _ = try await reading.wait(for: "✓ \(work.ref)")
            _ = try await reading.wait(for: "first\n")

            try work.checkout.write(["\(work.folder)/word.txt": "second\n"])
            #expect(try await reading.wait(for: "✓ \(work.ref)").contains("\(work.folder)/word.txt changed"))
            _ = try await reading.wait(for: "second\n")

            // What the build can't see builds nothing: the next thing that is told is the broken Dockerfile.
            try work.checkout.write(["\(work.folder)/notes.md": "of no use\n"])
            try work.checkout.write(["\(work.folder)/Dockerfile": Self.dockerfile + "COPY missing /\n"])
            let broken = try await reading.wait(for: "error[")
            #expect(!broken.contains("notes.md changed") && !broken.contains("✓"), "\(broken)")
            #expect(try await reading.wait(for: "Dockerfile:").contains("missing"))

            try work.checkout.write(["\(work.folder)/Dockerfile": Self.dockerfile])
            _ = try await reading.wait(for: "✓ \(work.ref)")

            let wrong = Self.spec.replacing("NS", with: work.ref.namespace).replacing(
                "protocol: http", with: "protocol: grpc")
            try work.checkout.write(["\(work.folder)/registry.yaml": wrong])
            _ = try await reading.wait(for: "registry.yaml:6:17")
            let right = Self.spec.replacing("NS", with: work.ref.namespace)
            try work.checkout.write(["\(work.folder)/registry.yaml": right])
            _ = try await reading.wait(for: "✓ \(work.ref)")
            #expect(try await !work.leftovers().isEmpty, "while it runs there is something")

            try execution.send(signal: .interrupt)
            while let buffer = try await reading.iterator.next() { _ = buffer }
        }
        #expect(result.terminationStatus == .exited(130))
        #expect(try await work.leftovers() == [])
        #expect(try Data(contentsOf: URL(filePath: work.checkout.path + "/.git/index")) == index)
        #expect(try work.checkout.git(["for-each-ref", "--format=%(refname)"]) == "refs/heads/main")
    }

    @Test(arguments: [("q", 0), ("\u{3}", 130)])
    func `keys run again, show logs and end it, and the terminal is what it was`(end: String, code: Int) async throws {
        let work = try Work()
        let script = work.checkout.folder.path + "/terminal.py"
        try Data(Self.terminal.utf8).write(to: URL(filePath: script))
        let run = try await Pinion.run(
            "python3", [script, end, Pinion.program, "dev", "\(work.ref)", "--repo", work.checkout.path])
        #expect(run.exitCode == 0, "\(run.stdout) \(run.stderr)")
        #expect(run.stdout.contains("code \(code), restored True"), "\(run.stdout)")
        #expect(run.stdout.contains("said it"), "the log is shown: \(run.stdout)")
        #expect(try await work.leftovers() == [])
    }

    /// Runs a command in a terminal of its own: `r` after its first success, `l` after the second, then the given key.
    private static let terminal = #"""
        import os, pty, select, signal, sys, termios

        end, command = sys.argv[1], sys.argv[2:]
        ready, go = os.pipe()
        child, terminal = pty.fork()
        if child == 0:
            os.read(ready, 1)
            os.environ["NO_COLOR"] = "1"
            os.execv(command[0], command)
        text = b""

        def give_up(*_):
            print("nothing more comes after", text.decode(errors="replace"))
            os.kill(child, signal.SIGKILL)
            os._exit(1)

        # Before the test's own time is over, so that it can tell where it stood.
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(270)

        def wait(word, key=b""):
            """Reads on until the word comes; where nothing comes, presses the key again: a log may be a moment late."""
            global text
            while word not in text:
                if select.select([terminal], [], [], 3)[0]:
                    text += os.read(terminal, 65536)
                elif key:
                    os.write(terminal, key)
            text = text.split(word, 1)[1]

        before = termios.tcgetattr(terminal)
        os.write(go, b"!")
        wait("✓".encode())
        during = termios.tcgetattr(terminal)
        os.write(terminal, b"r")
        wait("✓".encode())
        os.write(terminal, b"l")
        wait(b"said it", b"l")
        print("said it")
        os.write(terminal, end.encode())
        try:
            while os.read(terminal, 65536):
                pass
        except OSError:
            pass
        _, status = os.waitpid(child, 0)
        try:
            after = termios.tcgetattr(terminal)
        except termios.error:
            after = None
        print(f"code {os.waitstatus_to_exitcode(status)}, restored {after == before and during != before}")
        """#

    @Test func `with many processors those that differ from HEAD are chosen, and none of them is told`() async throws {
        var files: [String: String] = [:]
        for number in 0..<4 {
            files["registry/processors/a_p\(number)/registry.yaml"] =
                "ref: a/p\(number)@1\nimage: {platforms: {amd64: \"sha256:pending\"}}\nbuild: {context: .}\n"
            files["registry/processors/a_p\(number)/Dockerfile"] = "FROM scratch\nCOPY . /\n"
        }
        let checkout = try GitCheckout(files)
        let none = try await Pinion.run(["dev", "--repo", checkout.path])
        #expect(
            none.exitCode == 4 && none.stderr.contains("none of the 4 processors differs from HEAD"), "\(none.stderr)")
        #expect(none.stderr.contains("pinion dev a/p0@1"))
        let unknown = try await Pinion.run(["dev", "a/other@1", "--repo", checkout.path])
        #expect(unknown.exitCode == 4 && unknown.stderr.contains("there is no a/other@1"), "\(unknown.stderr)")
        let bare = try await RepositoryFixture(files)
        let without = try await Pinion.run(["dev", "--repo", bare.path])
        #expect(without.exitCode == 1 && without.stderr.contains("has no working tree"), "\(without.stderr)")
    }
}

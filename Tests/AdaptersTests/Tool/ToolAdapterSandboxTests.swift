import Adapters
import DeploymentModel
import JSON
import NIOCore
import NIOPosix
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Tools in the real sandbox.
@Suite(.tags(.medium), .timeLimit(.minutes(2)), .enabled(if: hasSandbox, "bubblewrap is not installed"))
struct ToolAdapterSandboxTests {
    @Test func aToolRunsInTheSandbox() async throws {
        var run = ToolRun(
            """
            import json, os, sys
            context = json.load(sys.stdin)
            open("/scratch/outputs/a.txt", "w").write("A")
            open("/tmp/x", "w"); open("/scratch/y", "w"); open("/dev/shm/z", "w")
            where = [os.getcwd(), sys.argv[0], context["world_mount"], context["scratch_dir"], os.environ["PINION_CONTEXT"]]
            print("hello", file=sys.stderr)
            print(json.dumps({"outputs": {"where": where, "id": os.getuid()}, "usage": {"usd_micro": 5}}))
            """)
        run.outputs = [ToolRun.parameter("where", "array"), ToolRun.parameter("id", "integer"), ToolRun.parameter("a")]
        let result = try await run.run()
        #expect(result.envelope.isSuccess, "\(result.result)")
        #expect(result.files["a.txt"] == "A")
        #expect(
            result.files["where.json"]
                == #"["/scratch","/tool/tools/tool","/world","/scratch","/scratch/context.json"]"#)
        #expect(result.files["id.json"] != "0")
        #expect(result.receipt?["usage"] == ["usd_micro": 5])
        #expect(result.envelope.meta["sandbox"] == "bubblewrap")
        #expect(result.result.warnings.isEmpty)
        #expect(result.log == ["hello"])
        #expect(result.stages.isEmpty)
    }

    /// Exits with 0 only when every attempt fails.
    private func refusing(_ attempts: [String], imports: String = "os, socket") -> ToolRun {
        let tries = attempts.map {
            "try:\n    \($0)\n    print(\(quoted($0)), file=sys.stderr)\nexcept OSError: pass\n"
        }
        return ToolRun("import sys, \(imports)\n\(tries.joined())open('outputs/done', 'w')\n")
    }

    private func quoted(_ text: String) -> String { "r'''\(text)'''" }

    @Test func neitherNetworkNorHostIsReachable() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        defer { server.close(promise: nil) }
        let port = server.localAddress?.port ?? 0
        let connect = "socket.create_connection(('127.0.0.1', \(port)), 1)"
        let run = refusing([
            connect, "socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('example.org', 80)",
            "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
        ])
        let result = try await run.run()
        #expect(result.files.keys.contains("done"))
        #expect(result.log.isEmpty)
        // The same connection is there for who is not in the sandbox.
        var open = run
        open.script = "#!/usr/bin/python3\nimport socket\n\(connect)\n"
        open.isSandboxed = false
        #expect(try await open.run().envelope.isSuccess)
    }

    @Test func filesOfTheHostAreNotThereAndNothingElseCanBeWritten() async throws {
        let here = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let result = try await refusing(
            [
                "os.stat('/root')", "os.stat('/home')", "os.stat('/var')", "os.stat('/run')", "os.stat('/sys')",
                "os.stat('/etc/passwd')", "os.stat('/etc/shadow')", "os.stat('\(here)')",
                "open('/x', 'w')", "open('/dev/x', 'w')", "open('/usr/x', 'w')", "open('/etc/x', 'w')",
                "open('/tool/x', 'w')", "os.chmod('/tool/tools/tool', 0o777)", "open('/world/artifacts/x', 'w')",
                "os.mkdir('/world/x')", "os.remove('/world/artifacts')",
                "open('/proc/sys/kernel/hostname', 'w').write('x')",
                "os.setuid(0) if os.getuid() else open('/nowhere')", "os.mknod('outputs/d', 0o20666, os.makedev(1, 5))",
                "os.kill(\(getpid()), 0)", "socket.sethostname('x')",
            ]
        ).run()
        #expect(result.files.keys.contains("done"), "\(result.result)")
        #expect(result.log.isEmpty)
    }

    /// Root's tools are nobody, who could not write to most places anyway.
    @Test func onlyTheScratchIsMountedToBeWritten() async throws {
        var run = ToolRun(
            """
            import json
            mounts = [line.split() for line in open("/proc/self/mounts")]
            writable = [m[1] for m in mounts if "ro" not in m[3].split(",") and m[2] not in ("proc", "devpts", "devtmpfs")]
            print(json.dumps({"outputs": {"writable": sorted(p for p in writable if not p.startswith("/dev/") or p == "/dev/shm")}}))
            """)
        run.outputs = [ToolRun.parameter("writable", "array")]
        let result = try await run.run()
        #expect(result.files == ["writable.json": #"["/dev/shm","/scratch","/tmp"]"#], "\(result.result)")
    }

    @Test func theWorldIsThereToBeRead() async throws {
        var run = ToolRun(
            "import sys\nopen('outputs/copy', 'w').write(open('/world' + sys.argv[1].split('=', 1)[1]).read())")
        run.inputs = [ToolRun.parameter("file")]
        try await withTemporaryFolder { folder in
            run.attach = try write("attached", to: "\(folder)/a.txt")
            run.given = ["file": ["$attach": "a"]]
            let result = try await run.run()
            #expect(result.files == ["copy": "attached"], "\(result.result)")
        }
    }

    @Test func theToolOfTheSampleRegistryRuns() async throws {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
        let program = try contents(of: "\(root)/registry/tools/text_count/count.py")
        var run = ToolRun(String(decoding: program, as: UTF8.self))
        run.inputs = [ToolRun.parameter("text", "string"), ToolRun.parameter("top", "integer", standard: 10)]
        run.outputs = [ToolRun.parameter("counts", "object"), ToolRun.parameter("words", "string")]
        run.given = ["text": "a b a\n", "top": 1]
        let result = try await run.run()
        #expect(
            result.files == ["words.txt": "2 a\n", "counts.json": #"{"characters":6,"lines":1,"words":3}"#],
            "\(result.result)")
        #expect(result.receipt?["usage"] == ["characters": 6])
    }

    @Test func aToolThatTakesTooLongIsKilledWithAllThatItStarted() async throws {
        let mark = "86\(UInt32.random(in: 100_000...999_999))"
        var run = ToolRun(
            """
            import os, subprocess, sys, time
            subprocess.Popen(["setsid", "sleep", "\(mark)"])
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0: os.execvp("sleep", ["sleep", "\(mark)"])
                os._exit(0)
            time.sleep(60)
            """)
        run.timeout = 1
        let result = try await run.run()
        #expect(result.code == "ERR_TIMEOUT")
        #expect(result.took < .seconds(20))
        #expect(processes(with: mark).isEmpty)
        #expect(result.stages.isEmpty)
    }

    @Test func whatAToolLeavesBehindHasEndedBeforeItsOutputsAreRead() async throws {
        let mark = "87\(UInt32.random(in: 100_000...999_999))"
        let result = try await ToolRun(
            """
            import subprocess
            subprocess.Popen(["setsid", "sleep", "\(mark)"], stdin=-3, stdout=-3, stderr=-3)
            open("outputs/a", "w")
            """
        ).run()
        #expect(result.envelope.isSuccess, "\(result.result)")
        #expect(processes(with: mark).isEmpty)
    }

    @Test func cancellingARunKillsTheToolAtOnce() async throws {
        let mark = "88\(UInt32.random(in: 100_000...999_999))"
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let result = try await ToolRun("#!/bin/sh\nsetsid sleep \(mark) & sleep \(mark)\n").run()
                #expect(!result.envelope.isSuccess)
                #expect(result.stages.isEmpty)
            }
            while processes(with: mark).count < 2 {
                try #require(start.duration(to: clock.now) < .seconds(20))
                try await Task.sleep(for: .milliseconds(20))
            }
            group.cancelAll()
            // The tool itself would sleep for years.
            try await group.waitForAll()
        }
        #expect(processes(with: mark).isEmpty)
    }

    @Test func memoryFilesAndProcessesAreBounded() async throws {
        var run = ToolRun(
            """
            import os, sys
            found = {}
            try: bytearray(400 << 20)
            except MemoryError: found["memory"] = True
            bytearray(50 << 20)
            try: open("big", "wb").write(b"x" * (9 << 20))
            except OSError: found["file"] = True
            count, children = 0, []
            try:
                while count < 500:
                    child = os.fork()
                    if child == 0:
                        import time; time.sleep(30)
                        os._exit(0)
                    count += 1
            except OSError: found["processes"] = count < 40
            import json
            print(json.dumps({"outputs": {"found": found}}))
            """)
        run.outputs = [ToolRun.parameter("found", "object")]
        run.limits.memoryBytes = 200 << 20
        run.limits.fileBytes = 8 << 20
        run.limits.processes = 40
        let result = try await run.run()
        #expect(result.files["found.json"] == #"{"file":true,"memory":true,"processes":true}"#, "\(result.result)")
    }

    @Test func aForkBombComesToAnEnd() async throws {
        var run = ToolRun("#!/bin/sh\nf() { f | f & }; f; sleep 60\n")
        run.timeout = 2
        let result = try await run.run()
        #expect(result.envelope.isSuccess == false)
        #expect(result.took < .seconds(20))
        #expect(result.stages.isEmpty)
    }

    @Test func secretsAreInTheEnvironmentAloneOfAToolInModeReal() async throws {
        let script = """
            import glob, json, os, sys
            seen = [p for p in glob.glob("/proc/*/cmdline") + ["/scratch/context.json"] if "hunter2hunter2" in open(p).read()]
            print(json.dumps({"outputs": {"seen": seen, "key": len(os.environ.get("API_KEY", ""))}}))
            """
        var run = ToolRun(script)
        run.outputs = [ToolRun.parameter("seen"), ToolRun.parameter("key")]
        run.secrets = ["API_KEY": "hunter2hunter2"]
        run.declaredSecrets = ["API_KEY"]
        run.mode = "real"
        let real = try await run.run()
        #expect(real.files == ["seen.json": "[]", "key.json": "14"], "\(real.result)")
        run.mode = "mock"
        #expect(try await run.run().files["key.json"] == "0")
    }

    @Test(arguments: [
        #"os.symlink("/etc/passwd", "outputs/a")"#, #"os.symlink("/scratch/context.json", "outputs/a")"#,
        #"os.mkfifo("outputs/a")"#, #"open("b", "w"); os.link("b", "outputs/a")"#,
        #"os.rmdir("outputs"); os.symlink("/world", "outputs")"#,
    ])
    func nothingEscapesFromTheOutputs(script: String) async throws {
        let result = try await ToolRun("import os\n" + script).run()
        #expect(result.code == "ERR_OUTPUT_MISMATCH")
        #expect(result.world.isEmpty)
    }

    @Test func aDeepFolderWithoutRightsIsRemovedAtTheEnd() async throws {
        let result = try await ToolRun(
            """
            import os
            for _ in range(3000):
                os.mkdir("d" * 100)
                os.chdir("d" * 100)
            os.mkdir("x"); open("x/y", "w"); os.chmod("x", 0)
            """
        ).run()
        #expect(result.envelope.isSuccess, "\(result.result)")
        #expect(result.stages.isEmpty)
    }

    /// Processes of this host that have the mark among their arguments.
    private func processes(with mark: String) -> [String] {
        (try? names(in: "/proc"))?.filter { name in
            guard pid_t(name) != nil, let bytes = try? contents(of: "/proc/\(name)/cmdline") else { return false }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\0") == ["sleep", Substring(mark)]
        } ?? []
    }
}

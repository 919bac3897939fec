import Adapters
import DeploymentModel
import Foundation
import JSON
import Synchronization
import Testing

/// What a tool is told, and what becomes of what it answers; the sandbox is not needed for it.
@Suite(.tags(.medium), .timeLimit(.minutes(2))) struct ToolAdapterTests {
    private func plain(_ script: String) -> ToolRun {
        var run = ToolRun(script)
        run.isSandboxed = false
        return run
    }

    @Test func aToolGetsItsInputsAsFlagsInTheOrderOfTheSpec() async throws {
        var run = plain("#!/bin/sh\nprintf '%s\\n' \"$@\" > outputs/args.txt\n")
        run.inputs = [
            ToolRun.parameter("text", "string"), ToolRun.parameter("n", "integer", standard: 3),
            ToolRun.parameter("list"), ToolRun.parameter("absent"),
        ]
        run.given = ["list": ["b", 1, nil], "text": "--n=9; $(id)"]
        let result = try await run.run()
        #expect(result.files == ["args.txt": "--text=--n=9; $(id)\n--n=3\n--list=[\"b\",1,null]\n"])
    }

    @Test func theContextIsOnStdinAndInAFile() async throws {
        var run = plain(
            """
            import json, os, sys
            given = json.load(sys.stdin)
            assert given == json.load(open(os.environ["PINION_CONTEXT"]))
            assert os.path.samefile(os.getcwd(), given["scratch_dir"]) and os.environ["HOME"] == given["scratch_dir"]
            assert os.path.isdir(given["world_mount"] + "/artifacts")
            keep = ["mode", "inputs", "execution_id", "write_set_resolved", "attempt_idx", "memo_key", "registry_snapshot"]
            print(json.dumps({"outputs": {"context": {name: given[name] for name in keep}}}))
            """)
        run.inputs = [ToolRun.parameter("n", standard: 3)]
        run.outputs = [ToolRun.parameter("context", "object")]
        let result = try await run.run()
        let context = try JSONValue(parsing: try #require(result.files["context.json"], "\(result.envelope)"))
        #expect(context["mode"] == "mock")
        #expect(context["inputs"] == ["n": 3])
        #expect(context["execution_id"] == "e1")
        #expect(context["write_set_resolved"] == ["/artifacts/out/e1/"])
        #expect(context["memo_key"]?.stringValue?.hasPrefix("b3:") == true)
    }

    @Test func valuesAndFilesAreOutputsAndUsageGoesIntoTheReceipt() async throws {
        var run = plain(
            """
            import json, os
            os.makedirs("outputs/more/deep")
            open("outputs/more/deep/a.bin", "wb").write(b"x")
            open("outputs/file.csv", "w").write("a,b")
            print("on my way")
            print(json.dumps({"outputs": {"text": "hé", "count": 2, "all": [1, {"a": None}]}, "usage": {"usd_micro": 7}}))
            print()
            """)
        run.outputs = [
            ToolRun.parameter("text", "string"), ToolRun.parameter("count", "integer"), ToolRun.parameter("all"),
            ToolRun.parameter("file", "string"), ToolRun.parameter("more"),
        ]
        run.success = [
            PredicateSpec(id: try SpecID("artifact.exists@1"), arguments: ["path": "${outputs.text_path}"])
        ]
        let result = try await run.run()
        #expect(
            result.files == [
                "text.txt": "hé", "count.json": "2", "all.json": #"[1,{"a":null}]"#, "file.csv": "a,b",
                "more/deep/a.bin": "x",
            ], "\(result.envelope)")
        #expect(result.receipt?["usage"] == ["usd_micro": 7])
        #expect(result.envelope.meta["sandbox"] == "none")
        #expect(result.result.warnings.count == 1)
        #expect(result.stages.isEmpty)
        #expect(result.envelope.outputs.allSatisfy { $0.contentID != nil && $0.sizeBytes != nil })
    }

    @Test func linesOfStderrAreEventsAndAToolWaitsForTheirReader() async throws {
        try await withTemporaryFolder { folder in
            var run = plain(
                """
                import sys
                print("first", file=sys.stderr, flush=True)
                for number in range(4000): sys.stderr.write("x" * 99 + "\\n")
                sys.stderr.flush()
                open("\(folder)/written", "w").close()
                """)
            // More than a pipe holds is left to be written, for as long as nobody reads.
            let wasWritten = Mutex<Bool?>(nil)
            run.onLog = { line in
                guard line == "first" else { return }
                try? await Task.sleep(for: .milliseconds(700))
                wasWritten.withLock { $0 = FileManager.default.fileExists(atPath: "\(folder)/written") }
            }
            let result = try await run.run()
            #expect(result.log.count == 4001)
            #expect(result.log.first == "first")
            #expect(wasWritten.withLock { $0 } == false)
            #expect(FileManager.default.fileExists(atPath: "\(folder)/written"))
        }
    }

    @Test func aToolThatFailsSaysWhy() async throws {
        let bare = try await plain("import sys\nprint('a', file=sys.stderr)\nsys.exit('no luck')").run()
        #expect(bare.code == "ERR_RUNTIME")
        #expect(bare.message == "test.tool@1 exited with code 1: no luck")
        #expect(bare.result.log == "a\nno luck")
        #expect(bare.world.isEmpty)

        let own = try await plain(
            #"print('{"error": {"code": "ERR_PROVIDER", "message": "busy"}, "usage": {"tokens": 3}}'); exit(4)"#
        ).run()
        #expect(own.code == "ERR_PROVIDER")
        #expect(own.message == "busy")
        #expect(own.envelope.meta["exit_code"] == 4)
        #expect(own.envelope.meta["usage"] == ["tokens": 3])

        let polite = try await plain(#"print('{"error": {"code": "ERR_X", "message": "m"}}')"#).run()
        #expect(polite.code == "ERR_X")

        let killed = try await plain("import os\nos.kill(os.getpid(), 9)").run()
        #expect(killed.message == "test.tool@1 was ended by signal 9")
    }

    @Test(arguments: [
        "{", #"{"outputs": [1]}"#, #"{"usage": 3}"#, #"{"error": "x"}"#, #"{"outputs": {"a": NaN}}"#,
        #"{"a":1}{"b":2}"#,
        #"{"error": {"code": "not a code", "message": "m"}}"#, #"{"outputs": {}, "outputs": {}}"#,
    ])
    func anAnswerThatIsNoneIsRefused(text: String) async throws {
        let result = try await plain("print('''\(text)''')").run()
        #expect(result.code == "ERR_BAD_RESPONSE")
        #expect(result.world.isEmpty)
        let failing = try await plain("print('''\(text)''')\nexit(3)").run()
        #expect(failing.code == "ERR_RUNTIME")
    }

    @Test func anythingElseInTheLastLineIsNoAnswer() async throws {
        let result = try await plain("print('[1]')").run()
        #expect(result.envelope.isSuccess)
        let odd = try await plain(#"print('{"output": {}}')"#).run()
        #expect(odd.result.warnings.contains { $0.contains("'output'") })
    }

    @Test(arguments: [
        (#"print('{}')"#, "did not give"), (#"print('{"outputs": {"n": "3"}}')"#, "integer"),
        (#"print('{"outputs": {"n": 3.5}}')"#, "integer"), (#"print('{"outputs": {"n": 3, "m": 1}}')"#, "declare"),
        (#"open("outputs/n.json", "w").write("[]")"#, "integer"), (#"open("outputs/n.json", "w").write("[")"#, "JSON"),
        (#"open("outputs/n.txt", "w").write("3")"#, "integer"),
        (#"open("outputs/n.csv", "w"); open("outputs/outputs.json", "w")"#, "index"),
        (#"open("outputs/n.csv", "w"); open("outputs/receipt.json", "w")"#, "receipt"),
    ])
    func outputsHaveToBeWhatTheSpecSays(script: String, word: String) async throws {
        var run = plain(script)
        run.outputs = [ToolRun.parameter("n", "integer")]
        let result = try await run.run()
        #expect(result.code == "ERR_OUTPUT_MISMATCH")
        #expect(result.message?.contains(word) == true, "\(result.message ?? "")")
        #expect(result.world.isEmpty)
    }

    @Test(arguments: [#"print('{"outputs": {"n": 3.0}}')"#, #"open("outputs/n.json", "w").write("3")"#])
    func outputsOfTheRightTypePass(script: String) async throws {
        var run = plain(script)
        run.outputs = [ToolRun.parameter("n", "integer")]
        #expect(try await run.run().envelope.isSuccess)
    }

    @Test(
        arguments: [
            (#"os.symlink("/etc/passwd", "outputs/a")"#, ErrorCode.outputMismatch, "symbolic link"),
            (#"os.symlink("/etc", "outputs/a")"#, .outputMismatch, "symbolic link"),
            (#"os.symlink("../../../", "outputs/a")"#, .outputMismatch, "symbolic link"),
            (#"os.rmdir("outputs"); os.symlink("/etc", "outputs")"#, .outputMismatch, "folder"),
            (#"os.rmdir("outputs"); open("outputs", "w")"#, .outputMismatch, "folder"),
            (#"os.mkfifo("outputs/a")"#, .outputMismatch, "named pipe"),
            (
                #"import socket; os.chdir("outputs"); socket.socket(socket.AF_UNIX).bind("a")"#, .outputMismatch,
                "socket"
            ),
            (#"open("b", "w"); os.link("b", "outputs/a")"#, .outputMismatch, "one name"),
            (#"os.link("context.json", "outputs/a")"#, .outputMismatch, "one name"),
            (#"open("outputs/%2e%2e", "w")"#, .dotSegments, "segment"),
            (#"os.mkdir("outputs/%2E%2e"); open("outputs/%2E%2e/a", "w")"#, .dotSegments, "segment"),
            (#"open("outputs/a%2Fb", "w")"#, .decodedSlash, "escaped"),
            (#"open("outputs/a%00", "w")"#, .forbiddenSegment, "NUL"),
            (#"open("outputs/a\\b", "w")"#, .forbiddenSegment, "NUL"),
            (#"open("outputs/%zz", "w")"#, .percentDecode, "%"), (#"open("outputs/%252e", "w")"#, .percentDecode, "%"),
            (#"open("outputs/.git", "w")"#, .forbiddenSegment, ".git"),
            (#"open(b"outputs/\xff", "w")"#, .outputMismatch, "UTF-8"),
            (#"open("outputs/a%41", "w"); open("outputs/aA", "w")"#, .outputDuplicate, "twice"),
            (#"os.makedirs("outputs/" + "d/" * 40)"#, .pathTooLong, "deep"),
            (#"os.makedirs("outputs/" + ("d" * 200 + "/") * 6)"#, .pathTooLong, "exceeds"),
            (#"[open(f"outputs/{n}", "w") for n in range(11)]"#, .outputMismatch, "files"),
            (#"open("outputs/a", "w").truncate(2000001)"#, .outputMismatch, "bytes"),
        ] as [(String, ErrorCode, String)])
    func nothingEscapesFromTheOutputs(script: String, code: ErrorCode, word: String) async throws {
        var run = plain("import os\n" + script)
        run.limits.outputFiles = 10
        run.limits.outputBytes = 2_000_000
        let result = try await run.run()
        #expect(result.code == code.rawValue)
        #expect(result.message?.contains(word) == true, "\(result.message ?? "")")
        #expect(result.world.isEmpty)
        #expect(result.stages.isEmpty)
    }

    @Test func anOutputsNameIsNoWayOutEither() async throws {
        for (name, code) in [("../../x", ErrorCode.dotSegments), ("a%2Fb", .decodedSlash)] {
            var run = plain("import json\nprint(json.dumps({'outputs': {'\(name)': 'x'}}))")
            run.outputs = [ToolRun.parameter(name)]
            let result = try await run.run()
            #expect(result.code == code.rawValue)
            #expect(result.world.isEmpty)
        }
    }

    @Test func whatAToolLeavesBehindDiesWithIt() async throws {
        let run = plain(
            """
            import subprocess
            open("outputs/pid", "w").write(str(subprocess.Popen(["sleep", "60"]).pid))
            """)
        let result = try await run.run()
        #expect(result.took < .seconds(20))
        #expect(try await !staysAlive(try #require(result.files["pid"])))
    }

    @Test func aToolThatTakesTooLongIsKilledWithItsChildren() async throws {
        var run = plain(
            """
            import os, subprocess, sys, time, signal
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(subprocess.Popen(["sleep", "60"]).pid, file=sys.stderr, flush=True)
            time.sleep(60)
            """)
        run.timeout = 1
        let result = try await run.run()
        #expect(result.code == "ERR_TIMEOUT")
        #expect(result.took < .seconds(20))
        #expect(try await !staysAlive(try #require(result.log.first)))
        #expect(result.stages.isEmpty)
    }

    @Test func muchOutputIsNoTrouble() async throws {
        var run = plain(
            """
            import sys
            for _ in range(3000): sys.stdout.write("y" * 9999 + "\\n"); sys.stderr.write("z" * 4999 + "\\n")
            print('{"usage": {"n": 1}}')
            """)
        run.limits.logBytes = 100_000
        let result = try await run.run()
        #expect(result.receipt?["usage"] == ["n": 1])
        #expect(result.log.count < 30)
        #expect(result.log.last?.contains("left out") == true)

        var endless = plain("print('{' + 'x' * 5000)")
        endless.limits.answerBytes = 1000
        #expect(try await endless.run().code == "ERR_BAD_RESPONSE")
    }

    @Test func theEnvironmentIsCleared() async throws {
        let result = try await plain("#!/bin/sh\nenv > outputs/env.txt").run()
        let names = try #require(result.files["env.txt"]).split(separator: "\n").compactMap {
            $0.split(separator: "=").first
        }
        #expect(
            Set(names.map(String.init)).subtracting(["PWD", "OLDPWD", "SHLVL", "_"])
                == ["PATH", "LANG", "HOME", "TMPDIR", "PINION_CONTEXT"])
    }

    @Test func secretsAreGivenByNameInModeRealAloneAndAreNeverTold() async throws {
        let script = """
            import json, os, sys
            everything = open("/proc/self/cmdline").read() + json.dumps(json.load(sys.stdin)) if sys.platform == "linux" else ""
            assert "hunter2hunter2" not in everything
            print("key", os.environ.get("API_KEY"), os.environ.get("OTHER"), file=sys.stderr)
            print(json.dumps({"error": {"code": "ERR_X", "message": "key " + os.environ.get("API_KEY", "-")}}))
            """
        var run = plain(script)
        run.secrets = ["API_KEY": "hunter2hunter2", "OTHER": "not asked for"]
        run.declaredSecrets = ["API_KEY"]
        run.mode = "real"
        let real = try await run.run()
        #expect(real.log == ["key [API_KEY] None"])
        #expect(real.message == "key [API_KEY]")
        run.mode = "mock"
        #expect(try await run.run().message == "key -")
    }

    @Test func aFileThatIsNotExecutableIsRunByItsFirstLine() async throws {
        var run = plain("#!/usr/bin/env python3\nopen('outputs/a', 'w')")
        run.isExecutable = false
        #expect(try await run.run().envelope.isSuccess)
        run.script = "print(1)"
        let result = try await run.run()
        #expect(result.code == "ERR_FUNCTION_NOT_FOUND")
        #expect(result.message?.contains("#!") == true)
    }

    @Test(arguments: [
        ("modal_functions.llm_generate", "modal"), ("modal_functions.llm_generate", nil), ("tools/tool", "modal"),
        ("tools/none", nil), ("tools", nil), ("../tools/tool", nil), ("/bin/true", nil), ("tools//tool", nil),
        ("./tools", nil),
    ])
    func whatIsNotAFileOfTheRepositoryIsNotFound(entry: String, adapter: String?) async throws {
        var run = plain("#!/bin/sh\n")
        (run.entryPoint, run.adapter) = (entry, adapter)
        #expect(try await run.run().code == "ERR_FUNCTION_NOT_FOUND")
    }

    @Test func inputsThatAreNoArgumentsAreRefused() async throws {
        var run = plain("#!/bin/sh\n")
        run.inputs = [ToolRun.parameter("a")]
        for text in ["a\0b", String(repeating: "x", count: 100_000)] {
            run.given = ["a": .string(text)]
            #expect(try await run.run().code == "ERR_INPUTS")
        }
    }

    @Test func withoutBubblewrapThereIsNoRun() async throws {
        var run = ToolRun("#!/bin/sh\n")
        run.bubblewrap = "/nowhere/bwrap"
        let result = try await run.run()
        #expect(result.code == "ERR_SANDBOX")
        #expect(
            result.result.failure?.remedy == "Install bubblewrap, or run without a sandbox: --no-sandbox.")
        run.bubblewrap = "/bin/false"
        #expect(try await run.run().code == "ERR_SANDBOX")
    }
}

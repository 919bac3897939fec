import DeploymentModel
import FoundationEssentials
import JSON
import Subprocess
import Synchronization
import TestSupport
import Testing

@testable import Modal

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite("The driver's process", .tags(.medium))
struct ModalDriverTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let ready = #"echo '{"ready":{"protocol":1,"python":"3.11.2","sdk":"1.6.4"}}'"#

    /// A program in place of Python. Another process writes it: a child that is started meanwhile would inherit the open
    /// file of this one, and a file that is open for writing can't be run (ETXTBSY).
    private func python(_ script: String) async throws -> String {
        let path = folder.path + "/python"
        let writer = #"printf '#!/bin/sh\n%s\n' "$1" > "$2"; chmod 755 "$2""#
        let written = try await Subprocess.run(
            .name("sh"), arguments: ["-c", writer, "sh", script, path], output: .discarded)
        #expect(written.terminationStatus.isSuccess)
        return path
    }

    private func ask(
        _ variables: [String: String], attempts: Int = 1, request: DriverRequest = DriverRequest("doctor", [:])
    ) async throws -> JSONValue {
        let policy = Policy(attempts: attempts, backoffMilliseconds: [1])
        return try await withDriver(driverVariables(folder, variables), policy: policy) { driver in
            try await driver.answer(to: request)
        }
    }

    private func failure(of script: String, attempts: Int = 1) async throws -> Failure {
        let variables = ["PINION_PYTHON": try await python(script)]
        return try #require(await #expect(throws: Failure.self) { try await ask(variables, attempts: attempts) })
    }

    @Test("without a Python the one command that makes one is told")
    func noPython() async throws {
        var variables = driverVariables(folder, ["PATH": folder.path])
        variables["PINION_PYTHON"] = nil
        let failure = await #expect(throws: Failure.self) {
            try await withDriver(variables) { try await $0.answer(to: DriverRequest("doctor", [:])) }
        }
        let venv = folder.path + "/data/pinion/modal"
        #expect(failure?.code == .modal)
        #expect(failure?.message.contains("python3") == true)
        #expect(
            failure?.remedy?.contains("python3 -m venv \(venv) && \(venv)/bin/pip install modal==1.6.4") == true)
        let named = await #expect(throws: Failure.self) { try await ask(["PINION_PYTHON": "/nowhere/python3"]) }
        #expect(named?.message.contains("/nowhere/python3") == true)
        #expect(named?.remedy?.contains("PINION_PYTHON") == true)
    }

    @Test("a Python without the SDK, or with another version of it, is told with what mends it")
    func sdk() async throws {
        let absent = try await failure(
            of: #"echo '{"error":{"code":"ERR_MODAL","message":"modal is not installed","retry":false}}'; exit 1"#)
        #expect(absent.message == "modal is not installed")
        #expect(absent.remedy?.contains("/python -m pip install modal==1.6.4") == true)
        let other = try await failure(
            of: #"echo '{"ready":{"protocol":1,"python":"3.11.2","sdk":"1.7.0"}}'; cat >/dev/null"#)
        #expect(other.message.contains("1.7.0") && other.message.contains("1.6.4"))
        #expect(other.remedy?.contains("pip install modal==1.6.4") == true)
    }

    @Test("a driver that ends before it is ready gives its last words, and is not tried again")
    func endsEarly() async throws {
        let starts = folder.path + "/starts"
        let failure = try await failure(of: "echo start >> \(starts); echo 'no module' >&2; exit 3", attempts: 3)
        #expect(failure.code == .modal)
        #expect(failure.message.contains("before it was ready"))
        #expect(failure.detail == "no module")
        #expect(failure.remedy != nil)
        #expect(try String(contentsOfFile: starts, encoding: .utf8) == "start\n")
    }

    @Test("a line that is no answer ends the driver", arguments: ["echo hello", "\(ready); read x; echo '{\"ok\":1}'"])
    func garbage(_ script: String) async throws {
        let failure = try await failure(of: "\(script); cat >/dev/null")
        #expect(failure.message.contains("wrote what is no answer"))
        #expect(failure.detail?.isEmpty == false)
    }

    @Test("a driver that ends in the midst of a request is started again")
    func endsLate() async throws {
        let once = folder.path + "/once"
        let script = """
            \(Self.ready); read line
            if [ ! -e \(once) ]; then touch \(once); echo 'out of memory' >&2; kill -9 $$; fi
            echo '{"id":1,"ok":{"again":true}}'; cat >/dev/null
            """
        let variables = ["PINION_PYTHON": try await python(script)]
        #expect(try await ask(variables, attempts: 2)["again"] == true)
        try FileManager.default.removeItem(atPath: once)
        let failure = try await failure(of: script)
        #expect(failure.message.contains("before it had answered"))
        #expect(failure.detail == "out of memory")
    }

    @Test("a driver that hangs is ended", arguments: ["", ready])
    func hanging(_ script: String) async throws {
        let variables = driverVariables(folder, ["PINION_PYTHON": try await python("\(script)\nexec sleep 1000")])
        let driver = ModalDriver(
            variables: variables, policy: Policy(attempts: 2, backoffMilliseconds: [1]), clock: ContinuousClock(),
            patience: DriverPatience(start: .milliseconds(200), silence: .milliseconds(200)))
        let failure = await #expect(throws: Failure.self) {
            try await driver.answer(to: DriverRequest("doctor", [:]))
        }
        await driver.close()
        #expect(failure?.code == .modal)
        #expect(failure?.message.contains("said nothing for") == true)
    }

    @Test("many requests go at once, and each has its own answer")
    func concurrent() async throws {
        // Answers come in the reverse order.
        let script = """
            \(Self.ready); read a; read b; read c
            for id in 3 2 1; do echo "{\\"id\\":$id,\\"ok\\":{\\"id\\":$id}}"; done; cat >/dev/null
            """
        let variables = driverVariables(folder, ["PINION_PYTHON": try await python(script)])
        let answers = try await withDriver(variables) { driver in
            try await withThrowingTaskGroup(of: JSONValue.self) { group in
                for _ in 1...3 { group.addTask { try await driver.answer(to: DriverRequest("doctor", [:])) } }
                return try await group.reduce(into: Set<JSONValue>()) { $0.insert($1) }
            }
        }
        #expect(answers == [["id": 1], ["id": 2], ["id": 3]])
    }

    @Test("it can be started before anything is asked, in a session of its own")
    func starting() async throws {
        let seen = folder.path + "/session"
        let script = "cut -d' ' -f6 /proc/$$/stat > \(seen).new; mv \(seen).new \(seen); \(Self.ready); cat >/dev/null"
        let variables = driverVariables(folder, ["PINION_PYTHON": try await python(script)])
        let driver = ModalDriver(variables: variables)
        await driver.start()
        while !FileManager.default.fileExists(atPath: seen) { await Task.yield() }
        await driver.close()
        let session = try String(contentsOfFile: seen, encoding: .utf8).split(separator: "\n").first
        #expect(session.flatMap { Int32($0) } != getsid(0))
    }

    @Test("its last words are shown without the values that were sent")
    func lastWords() async throws {
        let variables = [
            "PINION_PYTHON": try await python("\(Self.ready); read line; echo \"got $line\" >&2; kill -9 $$")
        ]
        let request = DriverRequest("sync_secrets", ["secrets": ["A": "the \"value\""]], secrets: ["the \"value\""])
        let failure = await #expect(throws: Failure.self) { try await ask(variables, request: request) }
        #expect(failure?.detail?.contains("got {") == true)
        #expect(failure?.detail?.contains("[secret]") == true)
        #expect(failure?.detail?.contains("value") == false)
        #expect("\(request) \(String(reflecting: request))".contains("value") == false)
    }

    @Test("closing lets it answer what is under way")
    func closing() async throws {
        // It answers only once its input has ended.
        let script = "\(Self.ready); read a; cat >/dev/null; echo '{\"id\":1,\"ok\":{}}'"
        let variables = driverVariables(folder, ["PINION_PYTHON": try await python(script)])
        let driver = ModalDriver(variables: variables)
        let task = Task { try await driver.answer(to: DriverRequest("doctor", [:])) }
        // The files are laid out for the request, so it was sent before the driver is asked to close.
        while !FileManager.default.fileExists(atPath: folder.path + "/cache") { await Task.yield() }
        await driver.close()
        #expect(try await task.value == [:])
    }

    @Test("the codes of answers are those of all errors; an unknown one is ERR_MODAL")
    func codes() {
        for code in ErrorCode.allCases {
            let error: JSONValue = ["code": .string(code.rawValue), "message": "words", "retry": true]
            let failure = DriverFailure(error, struck: StruckValues())
            #expect(failure.failure == Failure(code, "words"))
            #expect(failure.isWorthRetry)
        }
        let unknown = DriverFailure(["code": "ERR_NEW", "message": "words", "retry": false], struck: StruckValues())
        #expect(unknown.failure.code == .modal)
        #expect(!unknown.isWorthRetry)
    }

    @Test("only the variables that it needs are passed on")
    func variables() {
        let passed = [
            "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET",
            "https_proxy", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
        ]
        let held = ["OPENAI_API_KEY", "PYTHONPATH", "LD_PRELOAD", "GITHUB_TOKEN", "PINION_PYTHON", "AWS_SECRET"]
        let all = Dictionary(uniqueKeysWithValues: (passed + held).map { ($0, "x") })
        let settings = DriverSettings(all) { _ in false }
        #expect(Set(settings.environment.keys) == Set(passed))
    }

    @Test("Python is the named one, else that of the user's data folder, else the first in PATH")
    func discovery() {
        let home = ["HOME": "/h"]
        #expect(DriverSettings(home) { _ in false }.python == "python3")
        #expect(DriverSettings(home) { _ in true }.python == "/h/.local/share/pinion/modal/bin/python3")
        #expect(
            DriverSettings(["HOME": "/h", "XDG_DATA_HOME": "/d"]) { _ in true }.python == "/d/pinion/modal/bin/python3")
        #expect(DriverSettings(["HOME": "/h", "PINION_PYTHON": "/p"]) { _ in true }.python == "/p")
    }

    @Test("what an error may not repeat is taken from variables, from the SDK's file and from the addresses of proxies")
    func secrets() {
        let file = "[default]\ntoken_id = \"ak-1\"\ntoken_secret = \"as-1\"\n[other]\ntoken_secret='as-2' # old\n"
        let variables = [
            "HOME": "/h", "MODAL_TOKEN_SECRET": "as-3", "MODAL_PROXY_SECRET": "ws-1", "OPENAI_API_KEY": "sk-1",
            "HTTPS_PROXY": "http://ann:pa:ss@proxy:3128", "NO_PROXY": "a@b",
        ]
        func secrets(_ variables: [String: String]) -> Set<String> {
            Set(DriverSettings(variables, read: { $0 == "/h/.modal.toml" ? file : nil }) { _ in false }.secrets)
        }
        #expect(secrets(variables) == ["as-1", "as-2", "as-3", "ws-1", "pa:ss"])
        #expect(secrets(["HOME": "/h", "MODAL_CONFIG_PATH": "/none"]) == [])
    }

    @Test("the SDK's version is that of the Python modules")
    func version() throws {
        let operations = try #require(DriverFiles.embedded.contents["operations.py"])
        #expect(
            String(decoding: operations, as: UTF8.self).contains("WANTED_SDK = \"\(DriverSettings.sdkVersion)\""))
    }

    @Test("values are struck out as they are, on one line, line by line, and quoted; long ones first")
    func striking() {
        let struck = StruckValues(["a\"b\nsecond line", "long", "longer"])
        #expect(struck.strike("x a\"b second line y") == "x [secret] y")
        #expect(struck.strike(#"x a\"b\nsecond line y"#) == "x [secret] y")
        #expect(struck.strike("second line") == "[secret]")
        #expect(struck.strike("longer") == "[secret]")
        #expect(StruckValues([""]).strike("x") == "x")
    }

    @Test("pauses are those of the policy, between half and all of each; the last is kept to")
    func pauses() {
        let rule = RetryRule(Policy(attempts: 4, backoffMilliseconds: [100, 400]))
        #expect(
            (1...4).map { rule.pause(after: $0, jitter: 0) } == [
                .milliseconds(50), .milliseconds(200), .milliseconds(200), nil,
            ])
        #expect(rule.pause(after: 1, jitter: 1) == .milliseconds(100))
        #expect(RetryRule(.none) == RetryRule(attempts: 3, backoffMilliseconds: [1000, 5000]))
    }
}

import DeploymentModel
import JSON
import Subprocess
import Synchronization
import SystemPackage

/// How long a driver may be silent before it counts as hanging, and is killed.
struct DriverPatience: Sendable {
    /// Until it is ready: an import of the SDK on a busy machine.
    var start = Duration.seconds(60)
    /// Between two answers while any is waited for: longer than the longest deadline that the driver keeps itself.
    var silence = Duration.seconds(660)
}

/// One process of the driver, from its start to its end.
final class DriverProcess: Sendable {
    private typealias Waiting = CheckedContinuation<Result<JSONValue, DriverFailure>, Never>

    private struct State {
        var waiting: [Int: Waiting] = [:]
        var lastID = 0
        var isReady = false
        /// When it said something last, or was first asked since.
        var lastHeard = ContinuousClock.now
        /// Why it can't be asked any more.
        var end: DriverFailure?
        /// The last lines that it wrote to stderr.
        var log: [String] = []
        var struck: StruckValues
    }

    private static let logLines = 20
    private static let logLineLength = 1000

    private let settings: DriverSettings
    private let patience: DriverPatience
    private let pipe: RequestPipe
    private let input: FileDescriptor
    private let state: Mutex<State>

    init(_ settings: DriverSettings, patience: DriverPatience) throws(Failure) {
        self.settings = settings
        self.patience = patience
        do {
            (pipe, input) = try RequestPipe.make()
        } catch { throw Failure(.modal, "no pipe to the Modal driver can be made: \(error)") }
        state = Mutex(State(struck: StruckValues(settings.secrets)))
    }

    var isEnded: Bool { state.withLock { $0.end != nil } }

    /// Sends a request, also before the driver is ready, and waits for its answer. Cancelling the task ends the wait at
    /// once and the operation soon.
    func answer(to request: DriverRequest) async throws(DriverFailure) -> JSONValue {
        let id = state.withLock { state in
            state.lastID += 1
            state.struck.insert(request.secrets)
            return state.lastID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiting: Waiting) in
                let refusal = state.withLock { state -> DriverFailure? in
                    if let end = state.end { return end }
                    if Task.isCancelled { return .cancelled }
                    if state.waiting.isEmpty { state.lastHeard = .now }
                    state.waiting[id] = waiting
                    return nil
                }
                if let refusal { waiting.resume(returning: .failure(refusal)) } else { pipe.send(request.line(id: id)) }
            }
        } onCancel: {
            guard let waiting = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return }
            pipe.send(JSONValue.object(["cancel": .integer(Int64(id))]).compact)
            waiting.resume(returning: .failure(.cancelled))
        }
        return try result.get()
    }

    /// Ends its input: it answers what is under way, and ends.
    func finish() { pipe.finish() }

    /// Starts the process and reads what it says until it ends.
    @concurrent
    func run() async {
        let folder: String
        do throws(Failure) {
            folder = try DriverFiles.embedded.laidOut(below: settings.cacheFolder)
        } catch {
            try? input.close()
            return end(with: DriverFailure(error))
        }
        var options = PlatformOptions()
        // What a terminal sends to its foreground group must not end what is being deployed.
        options.createSession = true
        do {
            let result = try await Subprocess.run(
                settings.executable, arguments: ["\(folder)/driver.py"], environment: settings.childEnvironment,
                platformOptions: options, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .sequence, error: .sequence
            ) { execution in
                async let errors: Void = readLog(execution.standardError)
                let broken = await listen(to: execution.standardOutput) { try? execution.send(signal: .kill) }
                pipe.finish()
                await errors
                return broken
            }
            end(with: result.closureResult ?? ended("\(result.terminationStatus)"))
        } catch {
            let what = "\(settings.python) can't be started, which Modal's SDK needs"
            let remedy = settings.isPythonNamed ? "Let PINION_PYTHON name a Python 3.11 or later." : settings.remedy
            end(with: DriverFailure(Failure(.modal, what, remedy: remedy, detail: "\(error)")))
        }
    }

    private func ended(_ status: String) -> DriverFailure {
        let (isReady, log) = state.withLock { ($0.isReady, $0.log.isEmpty ? nil : $0.log.joined(separator: "\n")) }
        if isReady {
            let message = "the Modal driver ended (\(status)) before it had answered"
            return DriverFailure(Failure(.modal, message, detail: log), isWorthRetry: true)
        }
        let message = "the Modal driver ended (\(status)) before it was ready: \(settings.python) can't run it"
        return DriverFailure(Failure(.modal, message, remedy: settings.remedy, detail: log))
    }

    private func end(with failure: DriverFailure) {
        let waiting = state.withLock { state in
            if state.end == nil { state.end = failure }
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for each in waiting { each.resume(returning: .failure(failure)) }
        pipe.finish()
    }
}

extension DriverProcess {
    /// Reads answers until there are no more, and kills a driver that says what it never should, or nothing at all.
    ///
    /// - Returns: what was wrong with it.
    private func listen(
        to output: SubprocessOutputSequence, kill: @escaping @Sendable () -> Void
    ) async -> DriverFailure? {
        await withTaskGroup(of: DriverFailure?.self) { group in
            group.addTask { await self.readAnswers(output) }
            group.addTask { await self.hang() }
            let broken = await group.next() ?? nil
            if broken != nil { kill() }
            group.cancelAll()
            return broken
        }
    }

    /// Waits until the driver has been silent for too long; `nil` when the wait is cancelled.
    private func hang() async -> DriverFailure? {
        while true {
            let (limit, lastHeard) = state.withLock { state in
                (state.isReady ? patience.silence : patience.start, state.waiting.isEmpty ? .now : state.lastHeard)
            }
            let left = limit - (ContinuousClock.now - lastHeard)
            guard left > .zero else {
                let log = state.withLock { $0.log.isEmpty ? nil : $0.log.joined(separator: "\n") }
                let message = "the Modal driver said nothing for \(limit) and was ended"
                return DriverFailure(Failure(.modal, message, detail: log), isWorthRetry: true)
            }
            guard (try? await ContinuousClock().sleep(for: left)) != nil else { return nil }
        }
    }

    /// Hands answers to who waits for them.
    ///
    /// - Returns: what is wrong with the driver when it says something that it never should.
    private func readAnswers(_ output: SubprocessOutputSequence) async -> DriverFailure? {
        do {
            for try await line in output.strings(separatedBy: .lineBreaks, bufferingPolicy: .unbounded) {
                try receive(line)
            }
            return nil
        } catch let failure as DriverFailure { return failure } catch { return nil }
    }

    private func receive(_ line: String) throws(DriverFailure) {
        guard let message = try? JSONValue(parsing: line), message.objectValue != nil else { throw garbage(line) }
        guard state.withLock({ $0.isReady }) else { return try receiveFirst(message) }
        guard let id = message["id"]?.intValue else { throw garbage(line) }
        let (waiting, struck) = state.withLock { state in
            state.lastHeard = .now
            return (state.waiting.removeValue(forKey: Int(id)), state.struck)
        }
        if let answer = message["ok"] {
            waiting?.resume(returning: .success(answer))
        } else {
            waiting?.resume(returning: .failure(DriverFailure(message["error"] ?? .null, struck: struck)))
        }
    }

    private func receiveFirst(_ message: JSONValue) throws(DriverFailure) {
        if let reason = message["error"]?["message"]?.stringValue {
            throw DriverFailure(Failure(.modal, reason, remedy: settings.remedy))
        }
        guard let ready = message["ready"], ready["protocol"] == 1, let sdk = ready["sdk"]?.stringValue else {
            throw garbage(message.compact)
        }
        guard sdk == DriverSettings.sdkVersion else {
            let wanted = DriverSettings.sdkVersion
            throw DriverFailure(
                Failure(
                    .modal, "modal \(sdk) is installed for \(settings.python); Pinion works with \(wanted) alone",
                    remedy: settings.remedy))
        }
        state.withLock { state in
            state.isReady = true
            state.lastHeard = .now
        }
    }

    private func garbage(_ line: String) -> DriverFailure {
        let (struck, log) = state.withLock { ($0.struck, $0.log) }
        let words = struck.strike(String(line.prefix(Self.logLineLength)))
        return DriverFailure(
            Failure(
                .modal, "\(settings.python) wrote what is no answer of the Modal driver", remedy: settings.remedy,
                detail: (log + [words]).joined(separator: "\n")))
    }

    private func readLog(_ errors: SubprocessOutputSequence) async {
        // No line is too long to be read on: an unread pipe would stop the driver.
        let lines = errors.strings(separatedBy: .lineBreaks, bufferingPolicy: .unbounded)
        do {
            for try await line in lines {
                state.withLock { state in
                    state.log.append(String(state.struck.strike(line).prefix(Self.logLineLength)))
                    state.log.removeFirst(max(0, state.log.count - Self.logLines))
                }
            }
        } catch { return }
    }
}

import DeploymentModel
import FolderWatch
import Git
import RegistryCatalog

/// Runs processors anew at each change of the working tree, until it is ended.
struct DevLoop {
    private enum Signal {
        case changed
        /// Changes may have ceased.
        case due
        case key(Character)
        case failed(Failure)
    }

    private let refs: [ProcessorRef]
    private var tree: DevTree
    private let workshop: DevWorkshop
    private let watcher: FolderWatcher
    private let style = Style.standardError
    private var debounce = Debounce(quiet: .milliseconds(40), limit: .milliseconds(500))
    private var states: [ProcessorRef: DevState] = [:]
    /// The newest run of each; it waits for the end of those before it.
    private var runs: [ProcessorRef: Task<Void, Never>] = [:]

    init(_ named: [ProcessorRef], _ tree: DevTree, _ workshop: DevWorkshop) async throws(Failure) {
        let choice = try await DevChoice(named, in: tree)
        refs = choice.refs
        self.tree = tree
        self.workshop = workshop
        if let reason = choice.reason { Output.note("note: " + reason) }
        let (root, repository) = (tree.root, tree.repository)
        do throws(FolderWatchError) {
            watcher = try FolderWatcher { folder in
                let path = String(folder.dropFirst(root.count + 1))
                if folder.hasSuffix("/.git") { return true }
                return (try? await repository.ignores(folder: path)) ?? false
            }
        } catch { throw Failure(error) }
    }

    /// - Throws: `Failure` when the working tree can't be watched any longer.
    mutating func run() async throws(Failure) {
        let (signals, signal) = AsyncStream.makeStream(of: Signal.self)
        let keys = TerminalKeys()
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { [watcher] in
                do throws(FolderWatchError) {
                    try await watcher.follow { _ in signal.yield(.changed) }
                } catch { signal.yield(.failed(Failure(error))) }
            }
            if let keys {
                group.addTask {
                    await withTaskCancellationHandler {
                        for await key in keys.pressed { signal.yield(.key(key)) }
                    } onCancel: {
                        keys.restore()
                    }
                }
            }
            let result = await serve(signals, signal, hasKeys: keys != nil, &group)
            group.cancelAll()
            return result
        }
        keys?.restore()
        for run in runs.values { run.cancel() }
        for run in runs.values { await run.value }
        await workshop.removeImages()
        try result.get()
    }

    private mutating func serve(
        _ signals: AsyncStream<Signal>, _ signal: AsyncStream<Signal>.Continuation, hasKeys: Bool,
        _ group: inout TaskGroup<Void>
    ) async -> Result<Void, Failure> {
        let now = { ContinuousClock.now }
        func wake(in time: Duration, _ group: inout TaskGroup<Void>) {
            group.addTask {
                try? await Task.sleep(for: time)
                signal.yield(.due)
            }
        }
        do throws(Failure) {
            try await look(since: now())
            let count = await watcher.count
            Output.note(
                style.dim("watching \(counted(count, "folder")) of \(tree.root)")
                    + (hasKeys ? style.dim(" · r runs again · l shows logs · q quits") : ""))
            for await next in signals {
                switch next {
                case .changed:
                    if debounce.wait(at: now()) == nil { wake(in: .milliseconds(40), &group) }
                    debounce.note(at: now())
                case .due:
                    if let first = debounce.take(at: now()) {
                        try await look(since: first)
                    } else if let rest = debounce.wait(at: now()) {
                        wake(in: rest, &group)
                    }
                case .key("r"): try await look(since: now(), again: true)
                case .key("l"): await workshop.showLogs(of: refs)
                case .key("q"): return .success(())
                case .key: break
                case .failed(let failure): throw failure
                }
            }
            return .success(())
        } catch { return .failure(error) }
    }

    /// Reads the working tree, and starts what is not as it was.
    private mutating func look(since change: ContinuousClock.Instant, again: Bool = false) async throws(Failure) {
        let changed: [String]
        do throws(Failure) { changed = try await readAndWatch() } catch {
            // Somebody may be in the middle of a rebase; the next change is looked at again.
            guard error.code == .git else { throw error }
            return Output.note(FailureText(error, style: style).text)
        }
        for ref in refs {
            let state = await tree.state(of: ref)
            guard again || state != states[ref] else { continue }
            let isFirst = states.updateValue(state, forKey: ref) == nil
            let reason = again ? "again" : isFirst ? "first build" : await reason(for: ref, among: changed)
            start(ref, state, because: reason, since: change)
        }
    }

    /// What comes between the reading and the watching of a folder would be missed, so what is watched anew is read again.
    private mutating func readAndWatch() async throws(Failure) -> [String] {
        var changed = try await tree.read()
        let before = await watcher.count
        do throws(FolderWatchError) {
            for ref in refs {
                for place in Set(await tree.places(of: ref)) {
                    try await watcher.watch(place.folder, isDeep: place.isDeep)
                }
            }
        } catch { throw Failure(error) }
        if await watcher.count != before { changed += try await tree.read() }
        return changed
    }

    private func reason(for ref: ProcessorRef, among changed: [String]) async -> String {
        let folders = await tree.places(of: ref).map(\.folder)
        let own = changed.filter { path in folders.contains { "\(tree.root)/\(path)".hasPrefix($0 + "/") } }
        guard let first = own.first else { return "changed" }
        return own.count == 1 ? "\(first) changed" : "\(first) and \(own.count - 1) more changed"
    }

    /// Ends what runs of a processor, and runs it as it is now. The old container goes while the new image is built.
    private mutating func start(
        _ ref: ProcessorRef, _ state: DevState, because reason: String, since change: ContinuousClock.Instant
    ) {
        let previous = runs[ref]
        previous?.cancel()
        let (workshop, sources, style) = (workshop, tree.catalog.sources, style)
        Output.note("\(style.dim("·")) \(style.bold(ref.description))  \(style.dim(reason.printable))")
        // Unstructured, because the next one begins while this one ends; `run` waits for all of them.
        runs[ref] = Task {
            switch state {
            case .broken(let diagnostics):
                for diagnostic in diagnostics {
                    Output.note(DiagnosticText(diagnostic, source: sources[diagnostic.file], style: style).text)
                }
            case .failed(let failure): Output.note(FailureText(failure, style: style).text)
            case .ready(let target): await workshop.run(target, after: previous, since: change)
            }
            await previous?.value
        }
    }
}

extension Failure {
    fileprivate init(_ error: FolderWatchError) {
        self.init(.sandbox, "the working tree can't be watched: \(error)", remedy: error.remedy)
    }
}

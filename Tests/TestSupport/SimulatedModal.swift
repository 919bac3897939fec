package import DeploymentModel
import Synchronization

/// One environment of Modal in memory, which keeps the rules that the real one and its driver keep and can be told to
/// fail. The suite of the port runs on both.
package final class SimulatedModal: Sendable {
    /// A deployed app with its one function.
    package struct App: Hashable, Sendable {
        /// Another one when it was stopped in between; versions count from 1 then.
        package let id: String
        package var version: Int
        package var tags: [String: String] = [:]
        package var function: String
        package var imageID: String
        package var limits: RuntimeLimits
        /// The ids of the secrets that it mounts.
        package var secretIDs: [String]
    }

    package struct Secret: Sendable {
        package let id: String
        /// What the platform holds, which nobody can read.
        package var values: [String: String]
        /// What was written by the last sync; `nil` for a secret that was made by hand.
        package var synced: [String: String]?
        /// The versions, by id, of the apps that mounted it just before its last rotation.
        package var mounted: [String: Int] = [:]
    }

    package struct State: Sendable {
        package var apps: [String: App] = [:]
        package var secrets: [String: Secret] = [:]
        /// The image ids by `<function>:<64 hex>`.
        package var boundImages: [String: String] = [:]
        /// Every effect in order: `deploy llm-litellm-v1`, `sync API_KEY`, `rollover llm-litellm-v1`,
        /// `stop llm-litellm-v1`.
        package var log: [String] = []
        /// Failures by the start of the log entry that they stop; also of `audit` and `lookup <app>`, which are no
        /// effects.
        package var faults: [String: Failure] = [:]
        /// Failures by the start of the log entry that is done, and of which the answer is lost.
        package var lostAnswers: [String: Failure] = [:]
        fileprivate var nextID = 1
    }

    private let state = Mutex(State())

    package init() {}

    package var now: State { state.withLock { $0 } }

    /// Changes what is there by hand: what Pinion would call drift.
    package func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// Publishes a version of an app by hand: another image, and no tag that tells of it.
    package func publishByHand(_ app: String) {
        change { state in
            guard var published = state.apps[app] else { return }
            published.version += 1
            published.tags = [:]
            published.imageID = "im-by-hand-\(published.version)"
            state.apps[app] = published
        }
    }

    /// Does something unless it is to fail; `body` tells whether it was an effect.
    private func attempt<Value: Sendable>(
        _ entry: String, _ body: (inout State) -> Result<(value: Value, isEffect: Bool), Failure>
    ) async throws(Failure) -> Value {
        try await SimulatedRun.current?.turn(entry)
        let result: Result<Value, Failure> = state.withLock { state in
            if let fault = state.faults.first(where: { entry.hasPrefix($0.key) })?.value { return .failure(fault) }
            switch body(&state) {
            case .failure(let failure): return .failure(failure)
            case .success((let value, let isEffect)):
                guard isEffect else { return .success(value) }
                state.log.append(entry)
                let lost = state.lostAnswers.first { entry.hasPrefix($0.key) }?.value
                return lost.map { .failure($0) } ?? .success(value)
            }
        }
        return try result.get()
    }
}

extension SimulatedModal: FunctionPlatform {
    package func audit(_ apps: [String]?) async throws(Failure) -> FunctionAudit {
        try await attempt("audit") { state in
            let wanted = state.apps.filter { apps?.contains($0.key) ?? true }
            let observed = wanted.map { name, app in (name, state.observed(name, app)) }
            let audit = FunctionAudit(
                apps: Dictionary(uniqueKeysWithValues: observed), secrets: Set(state.secrets.keys))
            return .success((audit, false))
        }
    }

    package func deploy(_ function: FunctionSpec, isForced: Bool) async throws(Failure) -> DeployedFunction {
        let name = function.name
        return try await attempt("deploy \(name.app)") { state in
            guard let digest = function.image.digest else {
                return .failure(Failure(.imageUnpinned, "\(function.image) is no image by digest"))
            }
            guard !function.configuration.command.isEmpty else {
                return .failure(Failure(.spec, "\(name.app) has no command to start"))
            }
            let imageID = "im-\(name.function)-\(digest.short)"
            let binding = "\(name.function):\(digest.hex)"
            var tags = [
                "digest-0": String(digest.hex.prefix(32)), "digest-1": String(digest.hex.suffix(32)),
                "spec": FunctionSpec.tag(of: function.specHash), "managed-by": FunctionSpec.manager,
            ]
            tags["branch"] = name.origin?.branch
            tags["user"] = name.origin?.user
            let url = State.url(of: name)
            if !isForced, let live = state.apps[name.app], live.tags == tags, live.function == name.function,
                live.imageID == imageID, state.boundImages[binding] == imageID
            {
                let found = DeployedFunction(version: live.version, imageID: imageID, url: url, isChanged: false)
                return .success((found, false))
            }
            let needed = function.secrets + (function.registryAuth.map { [$0] } ?? [])
            let missing = needed.filter { state.secrets[$0] == nil }
            guard missing.isEmpty else {
                let names = missing.joined(separator: ", ")
                return .failure(Failure(.missingSecret, "\(name.app) can't be deployed: \(names)"))
            }
            var app = App(
                id: state.apps[name.app]?.id ?? state.newID("ap"), version: state.apps[name.app]?.version ?? 0,
                tags: tags, function: name.function, imageID: imageID, limits: function.limits,
                secretIDs: function.secrets.compactMap { state.secrets[$0]?.id })
            // Modal makes no version of what is the same.
            if state.apps[name.app] != app { app.version += 1 }
            state.boundImages[binding] = imageID
            state.apps[name.app] = app
            return .success((DeployedFunction(version: app.version, imageID: imageID, url: url, isChanged: true), true))
        }
    }

    package func lookup(_ name: FunctionName) async throws(Failure) -> FunctionEndpoint {
        try await attempt("lookup \(name.app)") { state in
            guard let app = state.apps[name.app], app.function == name.function else {
                return .failure(.notDeployed(name.app))
            }
            let observed = state.observed(name.app, app)
            let endpoint = FunctionEndpoint(
                url: State.url(of: name), version: app.version, requiresProxyAuth: !app.limits.isPublic,
                digest: observed.digest, imageID: app.imageID, boundImageID: observed.functions[0].boundImageID,
                secrets: observed.functions[0].secrets)
            return .success((endpoint, false))
        }
    }

    package func stop(_ app: String) async throws(Failure) -> Bool {
        try await attempt("stop \(app)") { state in
            let isDeployed = state.apps.removeValue(forKey: app) != nil
            return .success((isDeployed, isDeployed))
        }
    }

    package func rollover(_ app: String) async throws(Failure) -> Int {
        try await attempt("rollover \(app)") { state in
            guard var rolled = state.apps[app] else { return .failure(.notDeployed(app)) }
            rolled.version += 1
            state.apps[app] = rolled
            return .success((rolled.version, true))
        }
    }

    package func syncSecrets(
        _ secrets: [SecretValue], isCheck: Bool
    ) async throws(Failure) -> [String: SecretChange] {
        var changes: [String: SecretChange] = [:]
        for secret in secrets {
            changes[secret.name] = try await attempt("sync \(secret.name)") { state in
                let change = state.change(by: secret)
                let isWritten = !isCheck && change != .unchanged
                if isWritten { state.write(secret) }
                return .success((change, isWritten))
            }
        }
        return changes
    }
}

extension SimulatedModal.State {
    fileprivate static func url(of name: FunctionName) -> String { "https://\(name.app)-\(name.function).modal.test" }

    fileprivate func observed(_ name: String, _ app: SimulatedModal.App) -> ObservedApp {
        let digest = (app.tags["digest-0"] ?? "") + (app.tags["digest-1"] ?? "")
        let names = Dictionary(uniqueKeysWithValues: secrets.map { ($0.value.id, $0.key) })
        let url = Self.url(of: FunctionName(app: name, function: app.function))
        let function = ObservedFunction(
            name: app.function, imageID: app.imageID, boundImageID: boundImages["\(app.function):\(digest)"],
            cpu: app.limits.cpu, memoryMB: app.limits.memoryMB, gpu: app.limits.gpu.map { [$0] } ?? [],
            timeoutSeconds: app.limits.timeoutSeconds, scaling: app.limits.scaling,
            secrets: app.secretIDs.map { names[$0] ?? $0 }.sorted(), url: url,
            requiresProxyAuth: !app.limits.isPublic)
        return ObservedApp(
            name: name, version: app.version, deployedAt: "2026-01-01T00:00:00Z", deployedBy: "simulated",
            tags: app.tags, functions: [function],
            staleSecrets: secrets.filter { $0.value.mounted[app.id] == app.version }.keys.sorted())
    }

    fileprivate func change(by secret: SecretValue) -> SecretChange {
        guard let existing = secrets[secret.name] else { return .created }
        return existing.synced == secret.values ? .unchanged : .rotated
    }

    fileprivate mutating func write(_ secret: SecretValue) {
        let existing = secrets[secret.name]
        let id = existing?.id ?? newID("st")
        let holders = apps.values.filter { $0.secretIDs.contains(id) }.map { ($0.id, $0.version) }
        // Other keys of an existing secret stay.
        let values = (existing?.values ?? [:]).merging(secret.values) { $1 }
        secrets[secret.name] = SimulatedModal.Secret(
            id: id, values: values, synced: secret.values, mounted: Dictionary(uniqueKeysWithValues: holders))
    }

    fileprivate mutating func newID(_ kind: String) -> String {
        defer { nextID += 1 }
        return "\(kind)-\(nextID)"
    }
}

extension Failure {
    fileprivate static func notDeployed(_ app: String) -> Failure {
        Failure(.functionNotFound, "there is no app \(app) in the environment simulated")
    }
}

package import DeploymentModel
import Synchronization

/// An OCI registry, a builder, a container engine, a state store, a pin writer and a smoke tester in memory, which
/// keep the rules that the real ones keep and can be told to fail.
package final class SimulatedWorld: Sendable {
    package struct State: Sendable {
        package var images: [ImageReference: Platform] = [:]
        package var tags: [ImageReference: [Platform: ImageReference]] = [:]
        package var contentTags: [String: [String]] = [:]
        /// What the engine holds under names of its own.
        package var localImages: [ImageReference: (digest: Digest, platform: Platform)] = [:]
        /// What builds say that they are based on.
        package var bases: [ImageReference] = []
        /// What tags of base images stand for.
        package var baseTags: [ImageReference: Digest] = [:]
        package var pulled: Set<ImageReference> = []
        package var containers: [String: ObservedContainer] = [:]
        package var builds: [BuildRecord.ID: BuildRecord] = [:]
        package var records: [ProcessorRef: RefRecord] = [:]
        package var pins: [PinChange] = []
        package var recordCommits = 0
        /// By environment and run, over or not.
        package var leases: [String: [String: Lease]] = [:]
        /// What leases take for the time: seconds since 1970.
        package var time = 1_000
        /// How often the registry or the engine was asked about an image.
        package var questions = 0
        package var nextContainer = 1
        /// What happened, in order: `build llm/litellm@1 amd64`, …
        package var log: [String] = []
        /// Failures by the start of the log entry that they stop.
        package var faults: [String: Failure] = [:]
        /// The faults that are over once they have failed something.
        package var passing: Set<String> = []
        /// The input keys at the tip of the branch, by ref: a pin of others is superseded. Empty: nobody moves it.
        package var tipKeys: [ProcessorRef: [Platform: InputKey]] = [:]
        /// Whether two builds of the same inputs give two images, as those of careless Dockerfiles do.
        package var buildsDiffer = false
        /// Faults of Pinion itself that are planted to see them found.
        package var planted: Set<PlantedFault> = []
        /// How many builds there were.
        package var builtImages = 0
        /// What is odd about every pair.
        package var oddities: [String] = []
        /// What the builder makes when it makes the wrong thing.
        package var wrongPlatform: Platform?
        /// Whether images are pulled with a log-in only.
        package var needsLogin = false
        /// Whether containers end as soon as they are started.
        package var startsAreFatal = false
    }

    private let state = Mutex(State())

    package init() {}

    package var now: State { state.withLock { $0 } }

    package func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// Notes an effect, or fails it as told.
    private func effect<Value>(
        _ entry: String, _ body: (inout State) -> Value
    ) async throws(Failure) -> Value {
        try await SimulatedRun.current?.turn(entry)
        let result: Result<Value, Failure> = state.withLock { state in
            if let fault = state.faults.filter({ entry.hasPrefix($0.key) }).min(by: { $0.key < $1.key }) {
                if state.passing.remove(fault.key) != nil { state.faults[fault.key] = nil }
                return .failure(fault.value)
            }
            state.log.append(entry)
            return .success(body(&state))
        }
        return try result.get()
    }

    /// A digest that depends on the text alone.
    package static func digest(_ text: String) -> Digest {
        var words: [UInt64] = [0xcbf2_9ce4_8422_2325, 0x8422_2325, 0x9ce4, 0x1000_0000_01b3]
        for byte in text.utf8 {
            for index in words.indices {
                words[index] = (words[index] ^ UInt64(byte) &+ UInt64(index)) &* 0x100_0000_01b3
            }
        }
        return Digest(bytes: words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }
}

extension SimulatedWorld: ImageBuilder {
    package var name: String { "simulated" }

    package func build(
        _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> BuiltImage {
        try await effect("build \(request.ref) \(request.platform)") { state in
            state.builtImages += 1
            let digest = Self.digest(
                "\(request.contextArchive) \(request.platform) \(request.args.sorted { $0.key < $1.key })"
                    + (state.buildsDiffer ? " \(state.builtImages)" : ""))
            state.images[request.repository.pinned(to: digest)] = state.wrongPlatform ?? request.platform
            return BuiltImage(digest: digest, bases: state.bases)
        }
    }

    package func build(
        _ request: BuildRequest, as names: [ImageReference], log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        let digest = Self.digest(
            "\(request.contextArchive) \(request.platform) \(request.args.sorted { $0.key < $1.key })")
        try await effect("build \(request.ref) \(request.platform) locally") { state in
            for name in names { state.localImages[name] = (digest, request.platform) }
        }
    }
}

extension SimulatedWorld: ContextSource {
    /// The path stands for the content: it is made of the input keys.
    package func archive(of recipe: BuildRecipe) async throws(Failure) -> ContextArchive {
        ContextArchive(
            path: recipe.keys.sorted { $0.key < $1.key }.map(\.value.hex).joined(separator: "+"),
            dockerfile: "Dockerfile")
    }
}

extension SimulatedWorld: ImageRegistry {
    package func platforms(of image: ImageReference) async throws(Failure) -> [Platform: ImageReference] {
        if let children = now.tags[image] { return children }
        if let platform = now.images[image] { return [platform: image] }
        if let (pinned, platform) = now.tagged(image) { return [platform: pinned] }
        throw Failure(.imagePull, "\(image) is not there")
    }

    package func platform(of image: ImageReference) async throws(Failure) -> Platform {
        guard let platform = now.images[image] else { throw Failure(.imagePull, "\(image) is not there") }
        return platform
    }

    package func inspectPair(_ images: [Platform: ImageReference]) async throws(Failure) -> [String] {
        for (platform, image) in images {
            guard let actual = now.images[image], actual != platform else { continue }
            throw Failure(.imagePlatform, "\(image) is for \(actual.oci)")
        }
        return try await effect("inspect") { $0.oddities }
    }

    package func digest(of tag: ImageReference) async throws(Failure) -> Digest? {
        now.baseTags[tag] ?? now.tagged(tag)?.image.digest
    }

    package func configuration(of image: ImageReference) async throws(Failure) -> ImageConfiguration {
        ImageConfiguration(platform: try await platform(of: image), command: ["serve"])
    }

    package func isPublic(_ image: ImageReference) async throws(Failure) -> Bool { !now.needsLogin }

    package func contains(_ image: ImageReference) async throws(Failure) -> Bool {
        change { $0.questions += 1 }
        return now.images[image] != nil
    }

    package func tags(of repository: ImageReference) async throws(Failure) -> [String] {
        now.contentTags[repository.repository] ?? []
    }

    package func tag(_ image: ImageReference, as tag: String) async throws(Failure) {
        state.withLock { state in
            if state.contentTags[image.repository]?.contains(tag) == true { return }
            state.contentTags[image.repository, default: []].append(tag)
        }
    }
}

extension SimulatedWorld.State {
    /// The image that a content tag stands for: it ends in the first digits of its digest.
    fileprivate func tagged(_ tag: ImageReference) -> (image: ImageReference, platform: Platform)? {
        guard let name = tag.tag, contentTags[tag.repository]?.contains(name) == true else { return nil }
        let found = images.first { image, _ in
            image.repository == tag.repository && image.digest.map { name.hasSuffix($0.short) } == true
        }
        return found.map { ($0.key, $0.value) }
    }

    /// Claims that somebody can pull it.
    fileprivate func has(_ image: ImageReference) -> Bool {
        images[image] != nil || tags.values.contains { $0.values.contains(image) }
    }
}

extension ObservedContainer {
    fileprivate var stopped: ObservedContainer {
        ObservedContainer(
            id: id, name: name, ref: ref, imageID: imageID, isRunning: false, specHash: specHash, hostPort: nil,
            image: image, secretNames: secretNames, owner: owner)
    }
}

extension ContainerSpec {
    /// As the real engine has it, but for the hash; `nil` where there is no owner, or it has that name.
    fileprivate var underOwnName: ContainerSpec? {
        guard let owner else { return nil }
        let ending = "-\(SimulatedWorld.digest("\(owner.repository)\n\(owner.environment)").hex.prefix(8))"
        return name.hasSuffix(ending) ? nil : named(name + ending)
    }
}

extension SimulatedWorld.State {
    /// The container of this spec, and whether it was made for it, by the real engine's rules about names.
    fileprivate mutating func started(
        _ spec: ContainerSpec
    ) -> Result<(container: ObservedContainer, isNew: Bool), Failure> {
        if let taken = containers.values.first(where: { $0.name == spec.name }) {
            let isOwn = taken.owner == spec.owner && taken.ref == spec.ref
            if isOwn, taken.isRunning, taken.specHash == spec.specHash, taken.secretNames == spec.secretNames {
                return .success((taken, false))
            }
            guard isOwn, !taken.isRunning else {
                if let own = spec.underOwnName { return started(own) }
                return .failure(Failure(.docker, "a container named \(spec.name) is there already"))
            }
            containers[taken.id] = nil
        }
        let container = ObservedContainer(
            id: "c\(nextContainer)", name: spec.name, ref: spec.ref,
            imageID: spec.image.split(separator: "@").last.map(String.init) ?? "", isRunning: !startsAreFatal,
            specHash: spec.specHash, hostPort: startsAreFatal ? nil : 30_000 + nextContainer, image: spec.image,
            secretNames: spec.secretNames, owner: spec.owner)
        nextContainer += 1
        containers[container.id] = container
        return .success((container, true))
    }
}

extension SimulatedWorld: ContainerEngine, LocalImageStore {
    package func containers() async throws(Failure) -> [ObservedContainer] {
        try await effect("containers") { state in state.containers.values.sorted { $0.id < $1.id } }
    }

    package func imageID(of image: ImageReference) async throws(Failure) -> String? {
        change { $0.questions += 1 }
        return now.pulled.contains(image) ? image.digest?.description : nil
    }

    package func pull(_ image: ImageReference, platform: Platform) async throws(Failure) -> String {
        guard now.has(image) else { throw Failure(.imagePull, "\(image) is not there") }
        return try await effect("pull \(image)") { state in
            state.pulled.insert(image)
            return image.digest?.description ?? ""
        }
    }

    package func names(of repository: ImageReference) async throws(Failure) -> [ImageReference] {
        now.localImages.keys.filter { $0.repository == repository.repository }
    }

    package func tag(_ image: ImageReference, as name: ImageReference) async throws(Failure) {
        state.withLock { $0.localImages[name] = $0.localImages[image] }
    }

    package func untag(_ name: ImageReference) async throws(Failure) {
        try await effect("untag \(name)") { $0.localImages[name] = nil }
    }

    package func push(
        _ name: ImageReference, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        guard let image = now.localImages[name] else { throw Failure(.imagePush, "\(name) is not there") }
        try await effect("push \(image.platform)") { state in
            state.images[name.pinned(to: image.digest)] = image.platform
            state.tags[name] = [image.platform: name.pinned(to: image.digest)]
        }
    }

    package func start(_ spec: ContainerSpec) async throws(Failure) -> (container: ObservedContainer, isNew: Bool) {
        try await effect("start \(spec.ref)") { state in state.started(spec) }.get()
    }

    package func state(of id: String) async throws(Failure) -> ContainerState? {
        now.containers[id].map { $0.isRunning ? .running : .exited(code: 1) }
    }

    package func logTail(of id: String, lines: Int) async throws(Failure) -> String { "the last words" }

    package func stop(_ id: String, graceSeconds: Int) async throws(Failure) {
        change { state in state.containers[id] = state.containers[id]?.stopped }
    }

    package func remove(_ id: String, graceSeconds: Int) async throws(Failure) {
        try await effect("remove \(id)") { state in state.containers[id] = nil }
    }

    package func gatewayAddress() async throws(Failure) -> String? { nil }

    package func removeLeftovers() async throws(Failure) -> Int { 0 }

    package func createNetwork(_ name: String, run: RunMark) async throws(Failure) {}

    package func removeNetwork(_ name: String) async throws(Failure) {}

    package func addresses(of id: String, on network: String) async throws(Failure) -> NetworkAddresses? { nil }

    package func container(
        _ id: String, has environment: [String: String], world: String?
    ) async throws(Failure) -> Bool { true }

    package func processID(of id: String) async throws(Failure) -> Int? { nil }
}

extension SimulatedWorld: StateStore {
    package func builds(_ ids: [BuildRecord.ID]) async throws(Failure) -> [BuildRecord.ID: BuildRecord] {
        now.builds.filter { ids.contains($0.key) }
    }

    package func keep(
        _ build: BuildRecord, replacing replaced: ImageReference?
    ) async throws(Failure) -> BuildRecord {
        try await SimulatedRun.current?.turn("keep \(build.ref) \(build.platform)")
        return state.withLock { state in
            if let kept = state.builds[build.id], kept.image != replaced { return kept }
            state.builds[build.id] = build
            return build
        }
    }

    package func records(of environment: String) async throws(Failure) -> [ProcessorRef: RefRecord] { now.records }

    package func write(
        _ records: [RefRecord], environment: String, message: String, under lease: Lease?, releasing isLast: Bool
    ) async throws(Failure) -> String? {
        let written: Result<String?, Failure> = try await effect("record") { state in
            if let lease {
                let leases = state.leases(of: environment)
                if !state.planted.contains(.leaseWithoutFencing) {
                    do throws(Failure) { try leases.check(lease) } catch { return .failure(error) }
                }
                if isLast { state.keep(leases.released(lease, at: state.time), environment) }
            }
            let changed = records.filter { record in state.records[record.ref].map(record.changes) ?? true }
            guard !changed.isEmpty else { return .success(nil) }
            let isLost = state.planted.contains(.lostRecord) && state.recordCommits % 2 == 1
            for record in changed where !isLost { state.records[record.ref] = record }
            state.recordCommits += 1
            return .success(String(repeating: "0", count: 39) + "\(state.recordCommits % 10)")
        }
        return try written.get()
    }

    package func acquire(
        _ refs: [ProcessorRef], environment: String, for holder: LeaseHolder, seconds: Int
    ) async throws(Failure) -> Lease {
        try await leasing("acquire", environment) { leases, time throws(Failure) in
            try leases.acquired(refs, for: holder, seconds: seconds, at: time)
        }
    }

    package func renew(_ lease: Lease, environment: String, seconds: Int) async throws(Failure) -> Lease {
        try await leasing("renew", environment) { leases, time throws(Failure) in
            try leases.renewed(lease, seconds: seconds, at: time)
        }
    }

    package func leases(of environment: String) async throws(Failure) -> [Lease] {
        let state = now
        return state.leases(of: environment).held(at: state.time)
    }

    package func release(_ lease: Lease, environment: String) async throws(Failure) {
        try await effect("release \(lease.run)") { state in
            state.keep(state.leases(of: environment).released(lease, at: state.time), environment)
        }
    }

    /// Keeps the lease that a rule gives.
    private func leasing(
        _ entry: String, _ environment: String, _ rule: (Leases, Int) throws(Failure) -> Lease
    ) async throws(Failure) -> Lease {
        let result: Result<Lease, Failure> = try await effect(entry) { state in
            do throws(Failure) {
                let lease = try rule(state.leases(of: environment), state.time)
                state.keep(lease, environment)
                return .success(lease)
            } catch { return .failure(error) }
        }
        return try result.get()
    }
}

extension SimulatedWorld.State {
    fileprivate func leases(of environment: String) -> Leases {
        Leases(Array((leases[environment] ?? [:]).values), of: environment)
    }

    fileprivate mutating func keep(_ lease: Lease?, _ environment: String) {
        if let lease { leases[environment, default: [:]][lease.run] = lease }
    }
}

extension SimulatedWorld: PinWriter {
    package func commit(_ change: PinChange) async throws(Failure) -> PinCommit {
        if now.planted.contains(.pinOfOnePlatformFirst) {
            let half = PinChange(
                ref: change.ref, specPath: change.specPath, pins: change.pins.filter { $0.key == .amd64 },
                keys: change.keys, run: change.run)
            try await effect("pin \(change.ref)") { $0.pins.append(half) }
        }
        if let tip = now.tipKeys[change.ref], tip != change.keys {
            throw Failure(.git, "the pin of \(change.ref) is superseded: the branch has other inputs by now")
        }
        return try await effect("pin \(change.ref)") { state in
            state.pins.append(change)
            return PinCommit(commit: String(repeating: "a", count: 40), branch: "main")
        }
    }
}

extension SimulatedWorld: SmokeTester {
    package func smoke(
        _ request: SmokeRequest, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        let place = if case .modal(let name) = request.place { " in \(name.app)" } else { "" }
        return try await effect("smoke \(request.processor.ref)\(place)") { _ in SmokeVerdict(outputs: 1, events: 2) }
    }

    package func probe(_ request: SmokeRequest) async throws(Failure) {
        try await effect("probe \(request.processor.ref)") { _ in }
    }

    package func awaitHealth(of container: ObservedContainer, processor: Processor) async throws(Failure) {
        if let fault = now.faults["health"] { throw fault }
        let isAlive = now.containers[container.id]?.isRunning == true
        guard isAlive else {
            throw Failure(.health, "the container exited with code 1", detail: "the last words")
        }
    }
}

package import DeploymentModel
import HTTP
import JSON

/// The containers and images of one Docker engine.
package struct DockerEngine: ContainerEngine, LocalImageStore {
    package let client: EngineClient
    private let credentials: any CredentialSource

    /// - Parameter credentials: for pulls; by default nobody is logged in.
    package init(_ client: EngineClient, credentials: any CredentialSource = NoCredentials()) {
        self.client = client
        self.credentials = credentials
    }

    package func containers() async throws(Failure) -> [ObservedContainer] {
        try await client.containers(label: ContainerLabel.ref)
            .filter { $0["Labels"]?[ContainerLabel.run] == nil }
            .compactMap { ObservedContainer(listed: $0) }
    }

    package func imageID(of image: ImageReference) async throws(Failure) -> String? {
        try await client.image(image)?.id
    }

    package func pull(_ image: ImageReference, platform: Platform) async throws(Failure) -> String {
        guard image.digest != nil else {
            throw Failure(.imageUnpinned, "\(image) is a tag, not a digest", remedy: "Pin it first: pinion pin")
        }
        if let held = try await client.image(image) { return try checked(held, image, platform) }
        let credentials = try await credentials.credentials(for: image.registry)
        try await pullPatiently(image, platform, credentials)
        guard let pulled = try await client.image(image) else {
            throw Failure(.imagePull, "Docker pulled \(image) and does not hold it")
        }
        return try checked(pulled, image, platform)
    }

    package func names(of repository: ImageReference) async throws(Failure) -> [ImageReference] {
        try await client.images(of: repository)
    }

    package func tag(_ image: ImageReference, as name: ImageReference) async throws(Failure) {
        try await client.tag(image, as: name)
    }

    package func untag(_ name: ImageReference) async throws(Failure) {
        try await client.removeImage(name)
    }

    package func push(
        _ name: ImageReference, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        let credentials = try await credentials.credentials(for: name.registry)
        try await client.push(name, credentials: credentials, report: report)
    }

    /// An engine with containerd's store now and then loses a layer between check and use while other pulls share it.
    private func pullPatiently(
        _ image: ImageReference, _ platform: Platform, _ credentials: RegistryCredentials
    ) async throws(Failure) {
        for pause in [Duration.milliseconds(200), .seconds(1)] {
            do throws(Failure) {
                return try await client.pull(image, platform: platform, credentials: credentials)
            } catch {
                guard error.code == .imagePull, (try? await Task.sleep(for: pause)) != nil else { throw error }
            }
        }
        try await client.pull(image, platform: platform, credentials: credentials)
    }

    package func start(_ spec: ContainerSpec) async throws(Failure) -> (container: ObservedContainer, isNew: Bool) {
        let processors = try await client.information().processors
        for _ in 0..<Self.attempts {
            let id = try await client.createContainer(
                spec.name, platform: spec.platform, spec.creation(processors: processors))
            if let id { return (try await started(id, spec), true) }
            switch try await other(spec) {
            case .same(let container): return (container, false)
            case .different:
                guard let own = spec.underOwnName else { throw Self.taken(spec.name, "for something else") }
                return try await start(own)
            case nil: break
            }
            // The engine reserves a name before there is a container of it to be seen.
            guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { break }
        }
        throw Self.taken(spec.name, "again and again")
    }

    /// How often a name may be taken, and nothing be there, before that is a failure.
    private static let attempts = 100

    private func started(_ id: String, _ spec: ContainerSpec) async throws(Failure) -> ObservedContainer {
        do throws(Failure) {
            try await client.startContainer(id)
            guard let json = try await client.container(id), let started = ObservedContainer(inspected: json) else {
                throw Failure(.docker, "the container \(spec.name) was gone as soon as it was started")
            }
            return started
        } catch {
            // Unstructured, so that a cancelled task still leaves no container behind; waited for all the same.
            await Task { [client] in try? await client.removeContainer(id) }.value
            throw error
        }
    }

    /// Who has a name that was to be given.
    private enum Other {
        /// It runs for the same owner, spec and secrets.
        case same(ObservedContainer)
        /// It is another owner's, or runs for another spec or with other secrets.
        case different
    }

    /// The container of this name: the name tells its image, labels its spec and its owner. One that another run of the
    /// owner is starting at the same time is waited for: what it makes is made, started and perhaps removed again in its own
    /// time. One of the owner that has stopped is removed.
    ///
    /// - Returns: `nil` when it is gone by now.
    /// - Throws: `Failure` with `ERR_DOCKER` when it does not run in the end.
    private func other(_ spec: ContainerSpec) async throws(Failure) -> Other? {
        var state = "in no state"
        for _ in 0..<Self.looks {
            guard let json = try await client.container(spec.name) else { return nil }
            state = json["State"]?["Status"]?.stringValue ?? state
            guard let other = ObservedContainer(inspected: json), other.owner == spec.owner, other.ref == spec.ref
            else {
                return .different
            }
            if state == "exited" || state == "dead" {
                try await client.removeContainer(other.id)
                return nil
            }
            guard other.specHash == spec.specHash, other.secretNames == spec.secretNames else { return .different }
            if other.isRunning, other.hostPort != nil { return .same(other) }
            guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { break }
        }
        throw Self.taken(spec.name, state)
    }

    /// How often another run's container is looked at, every 100 ms.
    private static let looks = 100

    private static func taken(_ name: String, _ state: String) -> Failure {
        Failure(
            .docker, "a container named \(name) is there already (\(state))",
            remedy: "Remove it with: docker rm -f \(name)")
    }

    package func state(of id: String) async throws(Failure) -> ContainerState? {
        guard let state = try await client.container(id)?["State"] else { return nil }
        if state["Running"]?.boolValue == true { return .running }
        return .exited(code: state["ExitCode"]?.intValue.map { Int($0) } ?? -1)
    }

    package func logTail(of id: String, lines: Int) async throws(Failure) -> String {
        try await client.logs(of: id, lines: lines) ?? ""
    }

    package func stop(_ id: String, graceSeconds: Int) async throws(Failure) {
        try await client.stopContainer(id, graceSeconds: graceSeconds)
    }

    package func remove(_ id: String, graceSeconds: Int) async throws(Failure) {
        // Removing kills at once.
        if graceSeconds > 0 { try await client.stopContainer(id, graceSeconds: graceSeconds) }
        try await client.removeContainer(id)
    }

    package func gatewayAddress() async throws(Failure) -> String? {
        // In a virtual machine the bridge's gateway is the machine, not this host.
        if try await client.information().isDesktop { return "host.docker.internal" }
        let network = try await client.json(.init(.get, "/networks/bridge"))
        return network?["IPAM"]?["Config"]?.arrayValue?.compactMap { $0["Gateway"]?.stringValue }.first
    }

    private func checked(
        _ held: EngineImage, _ image: ImageReference, _ platform: Platform
    ) throws(Failure) -> String {
        guard held.architecture == platform.rawValue else {
            throw Failure(.imagePlatform, "\(image) is for \(held.architecture), not for \(platform)")
        }
        return held.id
    }
}

import DeploymentModel
import NetworkNamespace

extension LocalAdapter {
    static let logLines = 50
    /// What an image writes that was not made for a read-only root.
    private static let readOnlySigns = ["Read-only file system", "EROFS"]

    /// Starts a container, hands it out, and removes it, whatever comes of that.
    ///
    /// - Throws: `Failure`; its detail holds the container's last log lines when the processor is at fault.
    func withContainer<Value: Sendable>(
        _ start: ContainerStart, _ body: @escaping @Sendable (PlacedContainer) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        do throws(Failure) {
            return try await withContainer(start, hasWritableRoot: false, body)
        } catch {
            guard error.code == .health, let log = error.detail, Self.readOnlySigns.contains(where: log.contains)
            else { throw error }
            return try await withContainer(start, hasWritableRoot: true, body)
        }
    }

    private func withContainer<Value: Sendable>(
        _ start: ContainerStart, hasWritableRoot: Bool,
        _ body: @escaping @Sendable (PlacedContainer) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard start.isIsolated else {
            return try await withContainer(start, .published, hasWritableRoot) { container throws(Failure) in
                try await body(
                    PlacedContainer(
                        container: container, endpoint: try await endpoint(container, start),
                        uploads: try await uploadsOnBridge(), isolation: nil, notes: Self.notes(hasWritableRoot)))
            }
        }
        var reason: Failure?
        for isolation in isolations {
            do throws(Failure) {
                return try await withContainer(start, isolation, hasWritableRoot, body)
            } catch {
                guard error.code == .sandbox else { throw error }
                reason = error
            }
        }
        throw reason ?? Failure(.sandbox, "there is no way to cut \(start.processor.ref) off from the network")
    }

    /// - Throws: `Failure` with `ERR_SANDBOX` when this way of cutting off is not to be had here.
    private func withContainer<Value: Sendable>(
        _ start: ContainerStart, _ isolation: Isolation, _ hasWritableRoot: Bool,
        _ body: @escaping @Sendable (PlacedContainer) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let notes = Self.notes(hasWritableRoot)
        switch isolation {
        case .namespace:
            return try await withContainer(start, .none, hasWritableRoot) { container throws(Failure) in
                let namespace = try await enter(container)
                return try await LoopbackRelay.relaying(
                    to: .namespace(namespace, port: UInt16(start.processor.api.port))
                ) { relay throws(Failure) in
                    try await body(
                        PlacedContainer(
                            container: container,
                            endpoint: ProcessorEndpoint(origin: relay.origin, api: start.processor.api),
                            uploads: { () throws(Failure) in try Self.socket(in: namespace) }, isolation: .namespace,
                            notes: notes))
                }
            }
        case .internalNetwork:
            let network = "pinion-\(Self.chance())"
            return try await withNetwork(network) { () throws(Failure) in
                try await withContainer(start, .internal(network), hasWritableRoot) { container throws(Failure) in
                    // An engine in a virtual machine or elsewhere has networks that don't lead here.
                    guard try await engine.processID(of: container.id) != nil,
                        let addresses = try await engine.addresses(of: container.id, on: network)
                    else { throw Self.unreachable(container) }
                    let target = LoopbackRelay.Target.address(
                        addresses.container, port: UInt16(start.processor.api.port))
                    return try await LoopbackRelay.relaying(to: target) { relay throws(Failure) in
                        try await body(
                            PlacedContainer(
                                container: container,
                                endpoint: ProcessorEndpoint(origin: relay.origin, api: start.processor.api),
                                uploads: { () throws(Failure) in .host(addresses.host) }, isolation: .internalNetwork,
                                notes: notes + [
                                    "open ports of this host could be reached: "
                                        + "this user may not enter network namespaces"
                                ]))
                    }
                }
            }
        case .none:
            return try await withContainer(start, .published, hasWritableRoot) { container throws(Failure) in
                try await body(
                    PlacedContainer(
                        container: container, endpoint: try await endpoint(container, start),
                        uploads: try await uploadsOnBridge(), isolation: Isolation.none,
                        notes: notes + ["the network could be reached: this engine is not on this machine"]))
            }
        }
    }

    /// Starts a container on a network, judges what really runs, and removes it in the end, also when the task is
    /// cancelled.
    private func withContainer<Value: Sendable>(
        _ start: ContainerStart, _ network: ContainerSpec.Network, _ hasWritableRoot: Bool,
        _ body: (ObservedContainer) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let spec = ContainerSpec(
            name: "pinion-\(start.processor.ref.refSlug)-run-\(Self.chance())", processor: start.processor,
            image: start.image, platform: start.platform, environment: start.environment, network: network, run: mark,
            hasWritableRoot: hasWritableRoot, world: start.world)
        let (container, _) = try await engine.start(spec)
        let result: Result<Value, Failure>
        do throws(Failure) {
            guard container.imageID == start.imageID || start.imageID.isEmpty else {
                throw Failure(
                    .registryMismatch, "\(container.name) runs the image \(container.imageID), not \(start.imageID)")
            }
            result = .success(try await body(container))
        } catch { result = .failure(await withLog(error, of: container)) }
        await unstructured { [engine] in try? await engine.remove(container.id, graceSeconds: 0) }
        return try result.get()
    }

    /// A failure with the last words of the container that it is about, and how it ended if it did.
    private func withLog(_ failure: Failure, of container: ObservedContainer) async -> Failure {
        // Whatever the code says in general, here it is about what the processor did.
        guard failure.detail == nil, failure.code != .docker, failure.code != .sandbox else { return failure }
        let end =
            failure.code == .health
            ? nil : await end(of: container.id, afterLosing: [.network, .wsClose].contains(failure.code))
        return Failure(
            failure.code, failure.message + (end.map { "; the container \($0)" } ?? ""), remedy: failure.remedy,
            detail: await lastWords(of: container.id, isFresh: true))
    }

    /// How a container ended. A connection is lost before the engine has seen the end of the process behind it.
    private func end(of id: String, afterLosing isLost: Bool) async -> String? {
        for _ in 0..<(isLost ? 20 : 1) {
            if let end = try? await end(of: id) { return end }
            guard isLost, (try? await surroundings.clock.sleep(for: .milliseconds(50))) != nil else { break }
        }
        return nil
    }

    /// The last lines that a container wrote. The engine writes them down in its own time: only of a container that has
    /// ended are they sure to be there, so one that is of no more use is ended first.
    func lastWords(of id: String, isFresh: Bool) async -> String? {
        // What is wrong is worth more than why its log can't be had.
        if isFresh { try? await engine.stop(id, graceSeconds: 0) }
        return try? await engine.logTail(of: id, lines: Self.logLines)
    }

    private func withNetwork<Value: Sendable>(
        _ name: String, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await engine.createNetwork(name, run: mark)
        let result: Result<Value, Failure>
        do throws(Failure) {
            result = .success(try await body())
        } catch { result = .failure(error) }
        await unstructured { [engine] in try? await engine.removeNetwork(name) }
        return try result.get()
    }

    /// Also a cancelled task leaves nothing behind: this is waited for, but not cancelled with it.
    func unstructured(_ body: @escaping @Sendable () async -> Void) async {
        await Task { await body() }.value
    }

    /// A socket for uploads, on the loopback that the container has to itself.
    private static func socket(in namespace: NetworkNamespace) throws(Failure) -> ArtifactReceiver.Place {
        do throws(NetworkNamespaceError) {
            let (descriptor, port) = try namespace.bindToLoopback()
            return .socket(descriptor, port: port)
        } catch { throw Failure(.sandbox, "no address for uploads: \(error)") }
    }

    /// The namespace of a container that has just been started.
    private func enter(_ container: ObservedContainer) async throws(Failure) -> NetworkNamespace {
        guard let process = try await engine.processID(of: container.id) else {
            if let end = try await end(of: container.id) {
                throw Failure(.health, "the container \(end) as soon as it was started")
            }
            throw Self.unreachable(container)
        }
        do throws(NetworkNamespaceError) {
            return try NetworkNamespace(ofProcess: process)
        } catch {
            if let end = try await end(of: container.id) {
                throw Failure(.health, "the container \(end) as soon as it was started")
            }
            throw Failure(.sandbox, "\(error)")
        }
    }

    private func endpoint(
        _ container: ObservedContainer, _ start: ContainerStart
    ) async throws(Failure) -> ProcessorEndpoint {
        // One that has ended has no port any more.
        guard let port = container.hostPort else {
            let end = try await end(of: container.id) ?? "ended"
            throw Failure(.health, "the container \(end) as soon as it was started")
        }
        return ProcessorEndpoint(origin: "http://127.0.0.1:\(port)", api: start.processor.api)
    }

    private static func unreachable(_ container: ObservedContainer) -> Failure {
        Failure(.sandbox, "the engine of \(container.name) is not on this machine")
    }

    private static func notes(_ hasWritableRoot: Bool) -> [String] {
        hasWritableRoot ? ["the processor writes to its root, which it should not: it was let to"] : []
    }

    private static func chance() -> String { String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16) }
}

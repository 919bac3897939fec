package import DeploymentModel

/// A container that was started to stay.
package struct StartedContainer: Hashable, Sendable {
    package let container: ObservedContainer
    /// What the engine was told to run.
    package let image: String
    /// Whether it ran already.
    package let isReused: Bool
    /// Whether it took the place of one that ran.
    package let hasReplaced: Bool
    /// Required secrets that there are no values of.
    package let missingSecrets: [String]
}

extension LocalAdapter {
    /// Starts a container that stays until it is stopped, with the secrets that there are values of, and waits until it is
    /// healthy; the one that runs this very image for this very spec with these secrets is used again.
    ///
    /// - Parameters:
    ///   - build: the engine's id of a local build; `nil` runs the pinned image.
    ///   - owner: whose it is to be.
    /// - Throws: `Failure` with `ERR_IMAGE_UNPINNED`, `ERR_IMAGE_PULL`, `ERR_DOCKER`, or `ERR_HEALTH` with the container's
    ///   last log lines: then it is removed again, unless another run started it.
    package func startToStay(
        _ processor: Processor, _ platform: Platform, build: String?, owner: ContainerOwner
    ) async throws(Failure) -> StartedContainer {
        let image: String
        let imageID: String
        if let build {
            (image, imageID) = (build, build)
        } else {
            guard let pin = processor.pins[platform] else {
                throw Failure(
                    .imageUnpinned, "\(processor.ref) is not pinned for \(platform.oci)",
                    remedy: "Pin it (pinion pin \(processor.ref)), or start the newest local build: --build")
            }
            (image, imageID) = (pin.description, try await engine.pull(pin, platform: platform))
        }
        let values = secrets(processor.secrets.required + processor.secrets.optional)
        let names = values.keys.sorted()
        let missing = processor.secrets.required.filter { values[$0] == nil }
        let name = ContainerSpec.name(of: processor.ref, imageID: imageID)
        var environment = values
        environment["IMAGE_DIGEST"] = image.split(separator: "@").last.map(String.init)
        let own = try await engine.containers().filter { $0.ref == processor.ref && $0.owner == owner }
        for container in own
        where container.isRunning && container.hostPort != nil && container.imageID == imageID
            && container.specHash == processor.specHash && container.secretNames == names
        {
            guard try await engine.container(container.id, has: environment, world: surroundings.world.mount) else {
                continue
            }
            return StartedContainer(
                container: container, image: image, isReused: true, hasReplaced: false, missingSecrets: missing)
        }
        // Its name may be taken by what has stopped, or was started for another spec or with other secrets.
        for container in own where container.name.hasPrefix(name) {
            try await engine.remove(container.id, graceSeconds: 10)
        }
        let (container, isNew) = try await engine.start(
            ContainerSpec(
                name: name, processor: processor, image: image, platform: platform, environment: environment,
                secretNames: names, world: surroundings.world.mount, owner: owner))
        do throws(Failure) {
            try await awaitHealth(of: container, processor: processor, on: platform)
        } catch {
            if isNew { await unstructured { [engine] in try? await engine.remove(container.id, graceSeconds: 1) } }
            throw error
        }
        // A processor has one container that stays in an environment.
        for other in own where !other.name.hasPrefix(name) { try await engine.remove(other.id, graceSeconds: 10) }
        return StartedContainer(
            container: container, image: image, isReused: !isNew, hasReplaced: own.contains(where: \.isRunning),
            missingSecrets: missing)
    }

    /// Waits until a container with a published port is healthy.
    ///
    /// - Throws: `Failure` with `ERR_HEALTH` and the container's last log lines.
    func awaitHealth(
        of container: ObservedContainer, processor: Processor, on platform: Platform
    ) async throws(Failure) {
        do throws(Failure) {
            guard let port = container.hostPort else {
                let end = try await end(of: container.id)
                throw Failure(.health, "the container \(end ?? "publishes no port")")
            }
            _ = try await HealthWait(client: client, clock: surroundings.clock).wait(
                for: ProcessorEndpoint(origin: "http://127.0.0.1:\(port)", api: processor.api),
                atMost: Self.patience(with: processor, on: platform)
            ) { () async throws(Failure) in try await self.end(of: container.id) }
        } catch {
            let log = try? await engine.logTail(of: container.id, lines: Self.logLines)
            throw Failure(error.code, error.message, remedy: error.remedy, detail: error.detail ?? log)
        }
    }
}

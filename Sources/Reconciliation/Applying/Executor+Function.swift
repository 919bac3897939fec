import DeploymentModel

extension Executor {
    /// Writes the secrets that the plan names.
    ///
    /// - Returns: `false` when that failed: nothing is deployed then.
    func sync(_ plan: Plan) async -> Bool {
        let names = Set(plan.secrets.map(\.name))
        guard !names.isEmpty else { return true }
        guard !Task.isCancelled else { return false }
        log.add(nil, .sync, .started)
        do throws(Failure) {
            let changes = try await Shield.whole { () throws(Failure) in
                try await underLease(deadline: Deadline.other) { () throws(Failure) in
                    try await platform().syncSecrets(secrets.filter { names.contains($0.name) }, isCheck: false)
                }
            }
            let text = changes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)" }
            log.add(nil, .sync, .finished(text.joined(separator: ", ")))
            return true
        } catch {
            log.add(nil, .sync, .failed(error))
            return false
        }
    }

    /// Stops apps that no spec asks for.
    func stop(_ stops: [StopAction]) async {
        for action in stops where !Task.isCancelled {
            log.add(nil, .remove, .started)
            do throws(Failure) {
                let wasThere = try await Shield.whole { () throws(Failure) in
                    try await underLease(deadline: Deadline.other) { () throws(Failure) in
                        try await platform().stop(action.app)
                    }
                }
                log.add(nil, .remove, .finished("app \(action.app)" + (wasThere ? "" : " was gone already")))
            } catch { log.add(nil, .remove, .failed(error)) }
        }
    }

    /// Deploys the pinned digest.
    func deploy(
        _ item: PlanItem, _ deploy: DeployAction, _ function: FunctionAction, _ images: [Platform: ImageReference]
    ) async throws(Failure) -> RefRecord.Binding {
        try await step(item.ref, .deploy, isWhole: true) { () throws(Failure) -> (RefRecord.Binding, String) in
            guard let image = images[deploy.platform], image.digest != nil else {
                throw Failure(.imageUnpinned, "\(item.ref) has no image for \(deploy.platform.oci)")
            }
            let configuration = try await services.registry.configuration(of: image)
            guard configuration.platform == deploy.platform else {
                throw Failure(
                    .imagePlatform,
                    "\(image) is for \(configuration.platform.oci), and Modal runs \(deploy.platform.oci)")
            }
            let spec = FunctionSpec(
                item.processor, name: function.name, image: image, configuration: configuration,
                secrets: function.secrets,
                registryAuth: try await services.registry.isPublic(image) ? nil : FunctionSpec.registryAuth)
            let deployed = try await underLease(deadline: Deadline.deploy) { () throws(Failure) in
                try await platform().deploy(spec, isForced: function.isForced)
            }
            let binding = RefRecord.Binding(
                name: function.name.app, platform: deploy.platform, imageID: deployed.imageID,
                function: function.name.function, version: deployed.version)
            let verb = deployed.isChanged ? "" : " is deployed already"
            return (binding, "\(function.name.app) version \(deployed.version)\(verb)  \(deployed.url)")
        }
    }

    /// Replaces containers that may hold old values of secrets.
    func rollOver(
        _ item: PlanItem, _ action: RolloverAction, _ binding: RefRecord.Binding?
    ) async throws(Failure) -> RefRecord.Binding? {
        try await step(item.ref, .rollover, isWhole: true) { () throws(Failure) -> (RefRecord.Binding?, String) in
            let version = try await underLease(deadline: Deadline.other) { () throws(Failure) in
                try await platform().rollover(action.name.app)
            }
            return (
                binding?.at(version),
                "\(action.name.app) version \(version), for \(action.secrets.joined(separator: ", "))"
            )
        }
    }

    private func platform() throws(Failure) -> any FunctionPlatform {
        guard let functions = services.functions else {
            throw Failure(.modal, "the plan deploys to Modal, and this environment does not")
        }
        return functions
    }
}

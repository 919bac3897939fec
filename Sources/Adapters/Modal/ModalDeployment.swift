package import DeploymentModel
import HTTP

/// A deployed function that was seen to run what is meant to run, and how it is reached.
struct ModalDeployment: Sendable {
    let processor: Processor
    let name: FunctionName
    let image: Digest
    let function: FunctionEndpoint
    let endpoint: ProcessorEndpoint

    /// Where its health is asked for. A request for a container that is not there yet is held open, 150 s at most; then a
    /// 303 leads to where its answer can be had.
    static let deadlines = HTTPDeadlines(
        connect: .seconds(10), firstByte: .seconds(180), idle: .seconds(30), whole: nil)
}

extension ModalAdapter {
    /// Looks a processor up and makes sure that its deployment runs this image.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND`, `ERR_REGISTRY_MISMATCH`, `ERR_MISSING_SECRET` where it asks for
    ///   proxy keys and there are none, `ERR_MODAL` or `ERR_NETWORK`.
    func deployment(
        of processor: Processor, of image: Digest, on platform: Platform
    ) async throws(Failure) -> ModalDeployment {
        let name = try names(processor.ref)
        let function = try await lookUp(processor.ref, name)
        guard function.digest == image else {
            let deployed = function.digest.map { "\($0) deployed" } ?? "something deployed that names no digest"
            throw mismatch(
                "\(name.app) has \(deployed), and \(processor.ref) is pinned to \(image) for \(platform.oci)",
                processor.ref)
        }
        try checkBinding(of: function, to: image, processor.ref, name)
        let origin: HTTPURL.Origin
        do throws(HTTPError) { origin = try HTTPURL(function.url).origin } catch {
            throw Failure(.modal, "Modal's address of \(name.app) is no URL")
        }
        guard origin.scheme == "https" || origin.isLoopback else {
            throw Failure(.modal, "Modal's address of \(name.app) is not encrypted: \(origin.scheme)://\(origin.host)")
        }
        let endpoint = ProcessorEndpoint(
            origin: function.url, headers: function.requiresProxyAuth ? try keys(for: name).headers : [:],
            api: processor.api)
        return ModalDeployment(
            processor: processor, name: name, image: image, function: function, endpoint: endpoint)
    }

    /// Waits until a deployment is healthy, lends it to `body`, and looks whether it is still there afterwards.
    ///
    /// - Returns: what `body` gives, and what has changed that does not matter for it.
    /// - Throws: what `body` throws, told with what became of the deployment; `ERR_REGISTRY_MISMATCH` when another image
    ///   runs afterwards.
    func using<Value: Sendable>(
        _ deployment: ModalDeployment, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> (Value, changes: [String]) {
        let value: Value
        do throws(Failure) {
            try await awaitHealth(of: deployment)
            value = try await body()
        } catch {
            throw await explained(error, deployment)
        }
        return (value, try await changes(since: deployment))
    }

    /// Asks a processor's endpoint: it has to run this image, and to be healthy.
    ///
    /// - Throws: `Failure` that says why it is not, with the proxy keys taken out.
    package func checkHealth(of processor: Processor, running image: Digest) async throws(Failure) {
        try await filtered { _ throws(Failure) in
            try await awaitHealth(of: try await deployment(of: processor, of: image, on: .amd64))
        }
    }

    func lookUp(_ ref: ProcessorRef, _ name: FunctionName) async throws(Failure) -> FunctionEndpoint {
        do throws(Failure) {
            return try await platform.lookup(name)
        } catch {
            guard error.code == .functionNotFound else { throw error }
            throw Failure(error.code, error.message, remedy: "Deploy it: \(start(ref))", detail: error.detail)
        }
    }

    /// Tags are what the deployment says of itself; the bound image is what the platform made of that digest.
    private func checkBinding(
        of function: FunctionEndpoint, to image: Digest, _ ref: ProcessorRef, _ name: FunctionName
    ) throws(Failure) {
        guard let bound = function.boundImageID else {
            throw Failure(
                .registryMismatch, "nothing shows that \(name.app) runs \(image): no image on Modal is bound to it",
                remedy: "Bind it, which makes no new version: \(start(ref))")
        }
        guard bound == function.imageID else {
            throw mismatch(
                "\(name.app) runs the image \(function.imageID), and \(bound) is the one that is bound to \(image)", ref
            )
        }
    }

    private func keys(for name: FunctionName) throws(Failure) -> ProxyKeys {
        guard let proxyKeys else {
            throw Failure(
                .missingSecret, "the endpoint of \(name.app) asks for proxy keys, and there are none",
                remedy: "Set \(ProxyKeys.variables.joined(separator: " and ")) in the environment.")
        }
        return proxyKeys
    }

    private func awaitHealth(of deployment: ModalDeployment) async throws(Failure) {
        let processor = deployment.processor
        let question = HealthQuestion(deadlines: ModalDeployment.deadlines, redirectLimit: 50) { reply in
            refusal(reply, of: deployment)
        }
        let health: ProcessorHealth
        do throws(Failure) {
            health = try await HealthWait(client: client, clock: surroundings.clock, question: question).wait(
                for: deployment.endpoint, atMost: Self.patience(with: processor))
        } catch {
            guard error.code == .health else { throw error }
            throw Failure(
                .health, "\(deployment.name.app): \(error.message), its cold start included", remedy: error.remedy,
                detail: error.detail)
        }
        if let claim = health.digest, !deployment.image.isMeant(by: claim) {
            throw Failure(.registryMismatch, "\(processor.ref) says that it runs \(claim), not \(deployment.image)")
        }
    }

    /// Why an answer leaves nothing to wait for. What Modal itself says starts with `modal-http:`.
    private func refusal(_ reply: HTTPReply, of deployment: ModalDeployment) -> Failure? {
        let app = deployment.name.app
        switch reply.status {
        case 401, 403:
            let message =
                deployment.function.requiresProxyAuth
                ? "the endpoint of \(app) refuses the proxy keys (HTTP \(reply.status))"
                : "the endpoint of \(app), which was public, asks for credentials (HTTP \(reply.status))"
            return Failure(
                .missingSecret, message,
                remedy: "Check \(ProxyKeys.variables.joined(separator: " and ")): they have to be of the workspace "
                    + "that the app is in.")
        case 404 where reply.body.starts(with: "modal-http:".utf8):
            return Failure(
                .functionNotFound, "Modal has no running app at the endpoint of \(app)",
                remedy: "Deploy it: \(start(deployment.processor.ref))")
        default: return nil
        }
    }

    /// The failure of a run, and what became of the deployment meanwhile.
    private func explained(_ error: Failure, _ deployment: ModalDeployment) async -> Failure {
        guard !Task.isCancelled else { return error }
        let app = deployment.name.app
        do throws(Failure) {
            let now = try await platform.lookup(deployment.name)
            guard now.version != deployment.function.version else { return error }
            return Failure(
                error.code, "\(error.message); meanwhile \(app) was deployed anew, as version \(now.version)",
                remedy: "Run it again.", detail: error.detail)
        } catch let later {
            guard later.code == .functionNotFound else { return error }
            return Failure(
                .functionNotFound, "\(app) was stopped meanwhile: \(error.message)",
                remedy: "Deploy it: \(start(deployment.processor.ref))", detail: error.detail)
        }
    }

    /// What has changed since the deployment was looked at, where the image is still the same.
    private func changes(since deployment: ModalDeployment) async throws(Failure) -> [String] {
        let (name, before) = (deployment.name, deployment.function)
        let now: FunctionEndpoint
        do throws(Failure) {
            now = try await platform.lookup(name)
        } catch {
            return ["what answered could not be looked at again: \(error.message)"]
        }
        guard now.version != before.version || now.imageID != before.imageID else { return [] }
        guard now.imageID == before.imageID, now.digest == before.digest else {
            throw Failure(
                .registryMismatch,
                "\(name.app) was deployed anew while it ran, as version \(now.version) with another image: "
                    + "nobody knows which of them answered", remedy: "Run it again.")
        }
        return ["\(name.app) was deployed anew while it ran, as version \(now.version) with the same image"]
    }

    private func mismatch(_ message: String, _ ref: ProcessorRef) -> Failure {
        Failure(.registryMismatch, message, remedy: "Deploy the pinned digest: \(start(ref))")
    }

    private func start(_ ref: ProcessorRef) -> String { "pinion modalctl start --ref \(ref) --env \(environment)" }
}

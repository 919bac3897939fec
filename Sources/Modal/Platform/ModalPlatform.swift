package import DeploymentModel
import JSON

/// One environment of Modal, through a driver that several may share.
package struct ModalPlatform: FunctionPlatform {
    /// The name of Modal's environment.
    package let environment: String
    let driver: ModalDriver

    /// The version of Modal's SDK that this works with.
    package static let sdkVersion = DriverSettings.sdkVersion

    package init(environment: String, driver: ModalDriver) {
        self.environment = environment
        self.driver = driver
    }

    package func audit(_ apps: [String]?) async throws(Failure) -> FunctionAudit {
        var fields: [String: JSONValue] = [:]
        fields["apps"] = apps.map { .array($0.map { .string($0) }) }
        let answer = try await ask("audit", fields)
        var audit = FunctionAudit(secrets: Set(try answer.strings("secrets")))
        for each in try answer.objects("apps") {
            let app = try ObservedApp(each)
            audit.apps[app.name] = app
        }
        return audit
    }

    /// - Throws: also `Failure` with `ERR_SPEC` when the image names no command: there would be nothing to start.
    package func deploy(_ function: FunctionSpec, isForced: Bool) async throws(Failure) -> DeployedFunction {
        guard !function.configuration.command.isEmpty else { throw .noCommand(in: function) }
        var fields = function.fields
        fields["force"] = .bool(isForced)
        let answer = try await ask("deploy", fields)
        return DeployedFunction(
            version: try answer.int("version"), imageID: try answer.string("image_id"), url: try answer.string("url"),
            isChanged: try answer.bool("changed"))
    }

    package func lookup(_ name: FunctionName) async throws(Failure) -> FunctionEndpoint {
        let answer = try await ask("lookup", ["app": .string(name.app), "function": .string(name.function)])
        return FunctionEndpoint(
            url: try answer.string("url"), version: try answer.int("version"),
            requiresProxyAuth: try answer.bool("requires_proxy_auth"),
            digest: answer.optionalString("digest").flatMap { try? Digest("sha256:" + $0) },
            imageID: try answer.string("image_id"), boundImageID: answer.optionalString("bound_image_id"),
            secrets: try answer.strings("secrets"))
    }

    package func stop(_ app: String) async throws(Failure) -> Bool {
        try await ask("stop", ["app": .string(app)]).bool("stopped")
    }

    package func rollover(_ app: String) async throws(Failure) -> Int {
        try await ask("rollover", ["app": .string(app)]).int("version")
    }

    package func syncSecrets(
        _ secrets: [SecretValue], isCheck: Bool
    ) async throws(Failure) -> [String: SecretChange] {
        let values = secrets.map { ($0.name, JSONValue.object($0.values.mapValues { .string($0) })) }
        let wanted = JSONValue.object(Dictionary(values, uniquingKeysWith: { $1 }))
        let answer = try await ask(
            "sync_secrets", ["secrets": wanted, "check": .bool(isCheck)], secrets: secrets.flatMap { $0.values.values })
        var changes: [String: SecretChange] = [:]
        for (name, outcome) in try answer.stringsByName("secrets") {
            guard let change = SecretChange(rawValue: outcome) else {
                throw Failure(.modal, "the Modal driver says of the secret \(name) what is not known: \(outcome)")
            }
            changes[name] = change
        }
        return changes
    }

    func ask(
        _ operation: String, _ fields: [String: JSONValue] = [:], secrets: [String] = []
    ) async throws(Failure) -> AnswerFields {
        var fields = fields
        fields["environment"] = .string(environment)
        return AnswerFields(try await driver.answer(to: DriverRequest(operation, fields, secrets: secrets)))
    }
}

extension Failure {
    static func noCommand(in function: FunctionSpec) -> Failure {
        Failure(
            .spec,
            "\(function.name.app) has no command to start: Entrypoint and Cmd of \(function.image) are both empty",
            remedy: "Give the image a CMD in its Dockerfile, and build it anew.")
    }
}

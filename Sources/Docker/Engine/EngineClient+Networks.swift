package import DeploymentModel
import HTTP
package import JSON

extension EngineClient {
    /// Makes a bridge network that leads nowhere.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`, also when the engine has no address range left for it.
    package func createInternalNetwork(_ name: String, labels: [String: String]) async throws(Failure) {
        let body: JSONValue = [
            "Name": .string(name), "Driver": "bridge", "Internal": true, "CheckDuplicate": true,
            "Labels": .object(labels.mapValues { .string($0) }),
        ]
        let call = Call(.post, "/networks/create", json: body)
        let reply = try await fetch(call)
        guard reply.isSuccess else { throw refusal(reply, .docker, call) }
    }

    /// Removes a network by name or id; one that is gone is no error.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`, also while a container is on it.
    package func removeNetwork(_ id: String) async throws(Failure) {
        let call = Call(.delete, "/networks/\(HTTPURL.percentEncoded(id))")
        let reply = try await fetch(call)
        guard reply.isSuccess || reply.status == 404 else { throw refusal(reply, .docker, call) }
    }

    /// All networks with a label, as the engine lists them.
    package func networks(label: String) async throws(Failure) -> [JSONValue] {
        let filters: JSONValue = ["label": [.string(label)]]
        let call = Call(.get, "/networks?\(HTTPURL.query([("filters", filters.compact)]))")
        return try await json(call)?.arrayValue ?? []
    }
}

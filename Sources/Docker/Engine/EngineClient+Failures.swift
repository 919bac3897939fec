import DeploymentModel
import HTTP
import JSON

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension EngineClient {
    /// What to tell when there was no answer.
    func unreachable(_ error: HTTPError) -> Failure {
        if case .unix(let path) = address.endpoint, error.kind == .connect {
            if access(path, F_OK) == 0, access(path, R_OK | W_OK) != 0 {
                return Failure(
                    .docker, "this user may not speak to the Docker engine at \(address.text)",
                    remedy: "Add the user to the group that owns \(path), usually: sudo usermod -aG docker USER")
            }
        }
        switch error.kind {
        case .connect, .resolve, .timeout(.connect):
            var detail = error.description
            // libcurl speaks of a host and a port that nobody has.
            if case .unix(let path) = address.endpoint {
                detail = access(path, F_OK) == 0 ? "nobody listens at \(path)" : "there is no \(path)"
            }
            return Failure(
                .docker, "no Docker engine answers at \(address.text)", remedy: Self.remedy(address),
                detail: detail)
        default:
            return Failure(
                .docker, "the Docker engine at \(address.text) did not finish its answer: \(error.message)",
                remedy: Self.remedy(address))
        }
    }

    /// What the engine refused, in its own words (`{"message": …}`).
    func refusal(_ reply: HTTPReply, _ code: ErrorCode, _ call: Call) -> Failure {
        Failure(code, "Docker: \(words(reply, call))")
    }

    func words(_ reply: HTTPReply, _ call: Call) -> String {
        let path = call.path.prefix { $0 != "?" }
        return (try? JSONValue(parsing: reply.body))?["message"]?.stringValue
            ?? "it answered \(reply.status) to \(call.method.rawValue) \(path)"
    }

    static func remedy(_ address: EngineAddress) -> String {
        "Is Docker running? Start it, or name another engine: DOCKER_HOST=unix:///path or DOCKER_HOST=tcp://host:port, "
            + "or choose one with: docker context use NAME"
    }
}

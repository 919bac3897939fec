package import DeploymentModel

/// Which of the two builders fits this machine.
package enum BuilderChoice: Sendable, Hashable {
    case buildx
    case engine

    /// buildx where it is installed and either has a builder of its own or an engine whose images live in containerd's
    /// store; else the engine's API. (With the older store, buildx can't write the OCI image layout.)
    ///
    /// - Parameters:
    ///   - environment: variables for docker on top of the process's own; `BUILDX_BUILDER` names another builder.
    /// - Throws: `Failure` with `ERR_DOCKER` when no engine answers and no builder of its own is there.
    package static func find(
        _ client: EngineClient, executable: String = "docker", environment: [String: String?] = [:]
    ) async throws(Failure) -> BuilderChoice {
        let docker = DockerProgram(executable: executable, environment: environment)
        guard await docker.output(["buildx", "version"]) != nil,
            let inspected = await docker.output(["buildx", "inspect"]), let driver = driver(inspected)
        else { return .engine }
        if driver != "docker" { return .buildx }
        return try await client.information().usesContainerdStore ? .buildx : .engine
    }

    /// The value behind `Driver:` in the output of `docker buildx inspect`.
    static func driver(_ output: String) -> String? {
        for line in output.split(separator: "\n") where line.hasPrefix("Driver:") {
            let name = line.dropFirst("Driver:".count).filter { !$0.isWhitespace }
            return name.isEmpty ? nil : name
        }
        return nil
    }
}

/// What docker tells of its buildx plugin and of the builder that it would use.
package struct BuildxFacts: Sendable, Equatable {
    package struct Builder: Sendable, Equatable {
        package let name: String
        /// `docker` is the engine's own.
        package let driver: String
        /// `linux/amd64`; none of one that has not been started yet.
        package let platforms: [String]
    }

    /// `0.13.1`.
    package let version: String
    /// `nil` when the builder is not there, or does not answer.
    package let builder: Builder?

    /// Asks docker; `nil` where it has no buildx, or is not installed.
    package static func asking(executable: String = "docker") async -> BuildxFacts? {
        let docker = DockerProgram(executable: executable)
        guard let version = await docker.output(["buildx", "version"]) else { return nil }
        return BuildxFacts(version: version, inspected: await docker.output(["buildx", "inspect"]))
    }

    /// - Parameters:
    ///   - version: what `docker buildx version` prints.
    ///   - inspected: what `docker buildx inspect` prints; `nil` when it fails.
    package init(version: String, inspected: String?) {
        let words = version.split(whereSeparator: \.isWhitespace)
        self.version = words.dropFirst().first.map { String($0.drop { $0 == "v" }) } ?? "unknown"
        guard let inspected, let driver = BuilderChoice.driver(inspected) else {
            builder = nil
            return
        }
        func value(_ key: String) -> String? {
            inspected.split(separator: "\n").lazy.map { $0.drop(while: \.isWhitespace) }.first {
                $0.hasPrefix(key + ":")
            }
            .map { String($0.dropFirst(key.count + 1).drop(while: \.isWhitespace)) }
        }
        builder = Builder(
            name: value("Name") ?? "?", driver: driver,
            platforms: (value("Platforms") ?? "").split(separator: ",").map { part in
                String(part.filter { !$0.isWhitespace && $0 != "*" })
            })
    }
}

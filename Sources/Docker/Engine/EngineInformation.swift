package import DeploymentModel
import HTTP
import JSON

/// What kind of engine answers (`GET /info`).
package struct EngineInformation: Sendable, Equatable {
    /// `26.1.5`.
    package let version: String
    package let processors: Int
    package let architecture: String
    /// Whether images live in containerd's store: then an image's id is the digest of its manifest, and an image may
    /// hold several platforms.
    package let usesContainerdStore: Bool
    /// Docker Desktop and its kin: containers run in a virtual machine.
    package let isDesktop: Bool
    /// Where the engine keeps everything, on its own host.
    package let rootFolder: String?

    init(_ json: JSONValue) {
        version = json["ServerVersion"]?.stringValue ?? "unknown"
        processors = json["NCPU"]?.intValue.map { Int($0) } ?? 1
        architecture = json["Architecture"]?.stringValue ?? "unknown"
        rootFolder = json["DockerRootDir"]?.stringValue
        isDesktop = json["OperatingSystem"]?.stringValue == "Docker Desktop"
        usesContainerdStore = (json["DriverStatus"]?.arrayValue ?? []).contains { pair in
            pair[0]?.stringValue == "driver-type" && pair[1]?.stringValue == "io.containerd.snapshotter.v1"
        }
    }
}

extension EngineClient {
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func information() async throws(Failure) -> EngineInformation {
        guard let json = try await json(Call(.get, "/info")) else {
            throw Failure(.docker, "the Docker engine at \(address.text) tells nothing about itself")
        }
        return EngineInformation(json)
    }
}

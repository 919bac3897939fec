import DeploymentModel
import Docker
import FoundationEssentials

/// The Docker engine, and what of other platforms runs in it.
struct EngineCheck {
    /// Where Linux lists the programs that run others' binaries (binfmt_misc).
    var handlers = "/proc/sys/fs/binfmt_misc"
    let engine: Result<DockerEngine, Failure>

    func findings() async -> [Finding] {
        do throws(Failure) {
            let client = try engine.get().client
            let version = try await client.version()
            let facts = try await client.information()
            return [
                .ok("engine", "Docker \(facts.version), API \(version), at \(client.address.text)"),
                platforms(facts, isHere: Self.isHere(client)),
            ]
        } catch { return [.error("engine", error.message, error.remedy ?? "docker info")] }
    }

    /// Claims that the engine's host is this one, so that its files can be looked at.
    static func isHere(_ client: EngineClient) -> Bool {
        if case .unix = client.address.endpoint { true } else { false }
    }

    /// Claims about another host's handlers can't be made.
    private func platforms(_ facts: EngineInformation, isHere: Bool) -> Finding {
        guard let own = try? Platform(facts.architecture) else {
            return .error(
                "platforms", "the engine runs \(facts.architecture), and images are for amd64 and arm64",
                "docker context use ENGINE-OF-ANOTHER-HOST")
        }
        let others = Platform.allCases.filter { $0 != own }
        guard !facts.isDesktop, isHere else {
            return .ok("platforms", "\(own)\(facts.isDesktop ? "; Docker Desktop runs the others too" : "")")
        }
        let missing = others.filter { !hasHandler($0) }
        guard let first = missing.first else {
            return .ok(
                "platforms", "\(own), and \(others.map(\.description).joined(separator: ", ")) under emulation")
        }
        return .warning(
            "platforms", "\(first) can't be run on this host, nor be built where a RUN line runs something of it",
            "docker run --privileged --rm tonistiigi/binfmt --install \(first)")
    }

    private func hasHandler(_ platform: Platform) -> Bool {
        let machine = platform == .arm64 ? "aarch64" : "x86_64"
        guard let data = FileManager.default.contents(atPath: "\(handlers)/qemu-\(machine)") else { return false }
        return String(decoding: data, as: UTF8.self).hasPrefix("enabled")
    }
}

/// The buildx plugin and its builder.
enum BuildxCheck {
    static func finding(_ facts: BuildxFacts?) -> Finding {
        guard let facts else {
            #if os(macOS)
                let remedy = "brew install docker-buildx"
            #else
                let remedy = "sudo apt-get install docker-buildx-plugin"
            #endif
            return .warning(
                "buildx",
                "docker has no buildx: the engine's own API builds, for its own platform with certainty alone",
                remedy)
        }
        guard let builder = facts.builder else {
            return .error(
                "buildx", "buildx \(facts.version) has a builder that does not answer", "docker buildx use default")
        }
        let platforms = builder.platforms.filter { ["linux/amd64", "linux/arm64"].contains($0) }
        return .ok(
            "buildx",
            "buildx \(facts.version), builder \(builder.name) (\(builder.driver))"
                + (platforms.isEmpty ? "" : " for " + platforms.joined(separator: ", ")))
    }
}

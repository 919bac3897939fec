import DeploymentModel
import OCI
import TestSupport
import Testing

@testable import Docker

/// An OCI registry with an image of both platforms, and an engine: the real ones, or the simulated ones that are held to
/// them.
struct PortStage: Sendable {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case simulated, real
        var testDescription: String { rawValue }

        /// Without real services there is nothing to compare with.
        static var all: [Kind] { wantsRealServices ? allCases : [] }
    }

    let registry: any ImageRegistry
    let engine: any ContainerEngine
    /// A tag that stands for the pair, in a repository of this stage alone.
    let tag: ImageReference
    /// An image for amd64 that serves.
    let server: ImageReference

    /// Sets a stage, lets the body play on it, and clears it.
    static func with(_ kind: Kind, _ body: (PortStage) async throws -> Void) async throws {
        switch kind {
        case .simulated:
            let world = SimulatedWorld()
            let tag = try ImageReference("127.0.0.1:1/stage/one:1")
            let children = Platform.allCases.map { ($0, tag.pinned(to: SimulatedWorld.digest("\($0)"))) }
            world.change { state in
                state.tags[tag] = Dictionary(uniqueKeysWithValues: children)
                for (platform, image) in children { state.images[image] = platform }
            }
            let server = tag.pinned(to: SimulatedWorld.digest("\(Platform.amd64)"))
            try await body(PortStage(registry: world, engine: world, tag: tag, server: server))
        case .real:
            let real = try RealEngine()
            let tag = try ImageReference("\(real.repository):1")
            let children = try await real.registry.platforms(of: real.base)
            for (_, child) in children.sorted(by: { $0.key < $1.key }) {
                let digest = try #require(child.digest)
                try await real.registry.copy(child, to: real.repository.pinned(to: digest), tag: nil) { _ in }
            }
            try await real.registry.put(real.registry.manifest(of: real.base), as: tag)
            let (request, archive) = try real.request(.amd64)
            let built = try await real.build(request)
            withExtendedLifetime(archive) {}
            do {
                try await body(
                    PortStage(
                        registry: real.registry, engine: real.engine, tag: tag,
                        server: real.repository.pinned(to: built.digest)))
            } catch { Issue.record(error) }
            await real.cleanUp([built])
        }
    }

    func children() async throws -> [Platform: ImageReference] { try await registry.platforms(of: tag) }
}

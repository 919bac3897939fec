import DeploymentModel
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Modal

@Suite("Modal, by its SDK and a stand-in of its control plane", .tags(.large), .enabled(if: isPythonThere), .serialized)
struct ModalPlatformTests {
    @Test("does what every platform does")
    func keepsThePort() async throws {
        try await withPlane { _, platform in
            for check in PlatformCheck.allCases { try await check.run(on: platform) }
        }
    }

    @Test("two environments of one driver know nothing of each other")
    func environments() async throws {
        try await withPlane { _, dev in
            let staging = ModalPlatform(environment: "staging", driver: dev.driver)
            let names = PlatformCheck.Names()
            _ = try await dev.deploy(names.spec(), isForced: false)
            _ = try await dev.syncSecrets([SecretValue("ONLY_DEV", ["ONLY_DEV": "1"])], isCheck: false)
            #expect(try await staging.audit(nil) == FunctionAudit())
            #expect(try await staging.secretNames().isEmpty)
            let looked = await #expect(throws: Failure.self) { try await staging.lookup(names.name) }
            #expect(looked?.code == .functionNotFound)
            let nowhere = ModalPlatform(environment: "nowhere", driver: dev.driver)
            let failure = await #expect(throws: Failure.self) { try await nowhere.audit(nil) }
            #expect(failure?.code == .modal)
            #expect(failure?.message.contains("nowhere") == true)
        }
    }

    @Test("tells versions, goes back to one, and tells environments and secrets")
    func care() async throws {
        try await withPlane { plane, platform in
            let names = PlatformCheck.Names()
            let app = names.name.app
            let first = try await platform.deploy(names.spec(), isForced: false)
            _ = try await platform.deploy(names.spec("two"), isForced: false)
            let history = try await platform.history(app)
            #expect(history.map(\.version) == [2, 1])
            #expect(history.last?.tag == names.spec().image.digest.map { "sha256-" + $0.hex.prefix(40) })
            #expect(try await platform.rollback(app, to: nil) == 3)
            let audit = try await platform.audit([app])
            #expect(audit.apps[app]?.functions.first?.imageID == first.imageID)
            #expect(try await platform.rollback(app, to: 2) == 4)
            #expect(try await platform.logs(app, entries: 5).isEmpty)
            let secrets = ["B", "A"].map { SecretValue($0, [$0: "1"]) }
            _ = try await platform.syncSecrets(secrets, isCheck: false)
            #expect(try await platform.secretNames() == ["A", "B"])
            #expect(try await platform.pruneSecrets(["A", "ABSENT"]) == ["A"])
            #expect(try await platform.secretNames() == ["B"])
            let facts = try await platform.doctor()
            #expect(facts.environments == ["dev", "main", "staging"])
            #expect(facts.server == plane.variables["MODAL_SERVER_URL"])
            #expect(facts.hasToken)
        }
    }

    @Test("a secret that was deleted by hand is told by its id, and refuses the next deployment")
    func deletedSecret() async throws {
        try await withPlane { _, platform in
            let names = PlatformCheck.Names()
            let secret = SecretValue(names.secret, [names.secret: "1"])
            _ = try await platform.syncSecrets([secret], isCheck: false)
            _ = try await platform.deploy(names.spec(secrets: [names.secret]), isForced: false)
            _ = try await platform.pruneSecrets([names.secret])
            let mounted = try await platform.lookup(names.name).secrets
            #expect(mounted.count == 1 && mounted.first?.hasPrefix("st-") == true)
            let spec = names.spec("two", secrets: [names.secret])
            let failure = await #expect(throws: Failure.self) { try await platform.deploy(spec, isForced: false) }
            #expect(failure?.code == .missingSecret)
            #expect(try await platform.syncSecrets([secret], isCheck: false) == [names.secret: .created])
            #expect(try await platform.deploy(spec, isForced: false).version == 2)
        }
    }

    @Test("an image without a command is refused before anything is asked")
    func noCommand() async throws {
        try await withPlane { plane, platform in
            let names = PlatformCheck.Names()
            let image = try #require(names.spec().image.digest)
            let spec = FunctionSpec(
                Processor(ref: .sample, specHash: "1"), name: names.name,
                image: ImageReference(registry: "127.0.0.1:5075", path: "acme/check", digest: image),
                configuration: ImageConfiguration(command: []), secrets: [], registryAuth: nil)
            let failure = await #expect(throws: Failure.self) { try await platform.deploy(spec, isForced: false) }
            #expect(failure?.code == .spec)
            #expect(failure?.remedy != nil)
            #expect(try await plane.calls().isEmpty)
        }
    }

    @Test("the committed module and its file say what the driver is told")
    func byHand() throws {
        let spec = PlatformCheck.Names().spec(secrets: ["A"], registryAuth: FunctionSpec.registryAuth)
        let file = try JSONValue(parsing: ModalModule.apps([spec]))
        #expect(file["apps"]?[0] == .object(spec.fields))
        #expect(spec.fields["registry_auth"] == "REGISTRY_AUTH")
        #expect(spec.fields["max_containers"] == 3)
        #expect(spec.fields["min_containers"] == nil)
        #expect(ModalModule.text.contains("class Deployment"))
    }
}

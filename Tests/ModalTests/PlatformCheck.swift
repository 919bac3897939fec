import DeploymentModel
import TestSupport
import Testing

/// What every `FunctionPlatform` does, whichever it is: one check each, on names of its own.
enum PlatformCheck: CaseIterable {
    case aDeploymentIsAudited
    case anUnchangedDeploymentKeepsItsVersion
    case aForcedDeploymentIsPublished
    case missingSecretsAreAllNamedAndNothingChanges
    case whatIsNotDeployedIsNotFound
    case aStoppedAppIsGone
    case secretsAreCreatedAndRotated
    case aCheckWritesNothing
    case rotationMakesStaleUntilRollover
    case rotationMakesStaleUntilDeployment

    /// The app, function and secrets that one run of a check is about.
    struct Names {
        let name: FunctionName
        let secret: String
        let other: String

        init() {
            let id = String(UInt32.random(in: .min ... .max), radix: 16)
            name = FunctionName(
                app: "check-\(id)-v1", function: "exec__check_\(id)__v1",
                origin: AppOrigin(branch: "feature-x-12345678", user: "ada"))
            secret = "CHECK_\(id)"
            other = "OTHER_\(id)"
        }

        func spec(_ content: String = "one", secrets: [String] = [], registryAuth: String? = nil) -> FunctionSpec {
            FunctionSpec(
                Processor(
                    ref: .sample, specHash: SimulatedWorld.digest(content).hex,
                    runtime: RuntimeLimits(
                        cpu: 2, memoryBytes: 512 << 20, timeoutSeconds: 120,
                        scaling: ScalingLimits(maxContainers: 3, maxInputs: 4))),
                name: name,
                image: ImageReference(
                    registry: "127.0.0.1:5075", path: "acme/check", digest: SimulatedWorld.digest(content)),
                configuration: ImageConfiguration(command: ["serve"]), secrets: secrets, registryAuth: registryAuth)
        }
    }

    func run(on platform: any FunctionPlatform) async throws {
        let names = Names()
        switch self {
        case .aDeploymentIsAudited: try await audited(platform, names)
        case .anUnchangedDeploymentKeepsItsVersion: try await unchanged(platform, names)
        case .aForcedDeploymentIsPublished: try await forced(platform, names)
        case .missingSecretsAreAllNamedAndNothingChanges: try await missing(platform, names)
        case .whatIsNotDeployedIsNotFound: try await absent(platform, names)
        case .aStoppedAppIsGone: try await stopped(platform, names)
        case .secretsAreCreatedAndRotated: try await synced(platform, names)
        case .aCheckWritesNothing: try await checked(platform, names)
        case .rotationMakesStaleUntilRollover:
            try await stale(platform, names) { try await platform.rollover(names.name.app) }
        case .rotationMakesStaleUntilDeployment:
            try await stale(platform, names) {
                try await platform.deploy(names.spec("two", secrets: [names.secret]), isForced: false).version
            }
        }
    }
}

extension PlatformCheck {
    private func audited(_ platform: any FunctionPlatform, _ names: Names) async throws {
        let spec = names.spec()
        let deployed = try await platform.deploy(spec, isForced: false)
        let audit = try await platform.audit(nil)
        let app = try #require(audit.apps[names.name.app])
        let function = try #require(app.functions.first)
        #expect(deployed.isChanged)
        #expect(deployed.version == 1)
        #expect(app.version == 1)
        #expect(app.digest == spec.image.digest)
        #expect(app.tags["spec"] == FunctionSpec.tag(of: spec.specHash))
        #expect(app.tags["managed-by"] == FunctionSpec.manager)
        #expect(app.tags["branch"] == "feature-x-12345678")
        #expect(app.tags["user"] == "ada")
        #expect(app.staleSecrets.isEmpty)
        #expect(function.name == names.name.function)
        #expect(function.imageID == deployed.imageID)
        #expect(function.boundImageID == deployed.imageID)
        #expect(function.url == deployed.url)
        #expect(function.requiresProxyAuth == true)
        #expect(function.cpu == 2)
        #expect(function.memoryMB == 512)
        #expect(function.timeoutSeconds == 120)
        #expect(function.gpu.isEmpty)
        #expect(function.scaling.maxContainers == 3)
        #expect(function.scaling.maxInputs == 4)
        let endpoint = try await platform.lookup(names.name)
        #expect(endpoint.url == deployed.url)
        #expect(endpoint.version == 1)
        #expect(endpoint.digest == spec.image.digest)
        #expect(endpoint.imageID == deployed.imageID)
        #expect(endpoint.boundImageID == deployed.imageID)
        #expect(endpoint.secrets.isEmpty)
        #expect(endpoint.requiresProxyAuth)
    }

    private func unchanged(_ platform: any FunctionPlatform, _ names: Names) async throws {
        let first = try await platform.deploy(names.spec(), isForced: false)
        let again = try await platform.deploy(names.spec(), isForced: false)
        #expect(!again.isChanged)
        #expect(again.version == first.version)
        #expect(again.url == first.url)
        let other = try await platform.deploy(names.spec("two"), isForced: false)
        #expect(other.isChanged)
        #expect(other.version == first.version + 1)
        #expect(other.imageID != first.imageID)
    }

    private func forced(_ platform: any FunctionPlatform, _ names: Names) async throws {
        let first = try await platform.deploy(names.spec(), isForced: false)
        let again = try await platform.deploy(names.spec(), isForced: true)
        #expect(again.isChanged)
        // No version is made of what is the same.
        #expect(again.version == first.version)
        #expect(again.imageID == first.imageID)
    }

    private func missing(_ platform: any FunctionPlatform, _ names: Names) async throws {
        let first = try await platform.deploy(names.spec(), isForced: false)
        let spec = names.spec("two", secrets: [names.secret, names.other])
        let failure = await #expect(throws: Failure.self) { try await platform.deploy(spec, isForced: false) }
        #expect(failure?.code == .missingSecret)
        #expect(failure?.message.contains(names.secret) == true)
        #expect(failure?.message.contains(names.other) == true)
        let audit = try await platform.audit([names.name.app])
        #expect(audit.apps[names.name.app]?.version == first.version)
        #expect(audit.apps[names.name.app]?.functions.first?.imageID == first.imageID)
    }

    private func absent(_ platform: any FunctionPlatform, _ names: Names) async throws {
        let looked = await #expect(throws: Failure.self) { try await platform.lookup(names.name) }
        #expect(looked?.code == .functionNotFound)
        let rolled = await #expect(throws: Failure.self) { try await platform.rollover(names.name.app) }
        #expect(rolled?.code == .functionNotFound)
        #expect(try await platform.audit([names.name.app]).apps.isEmpty)
        _ = try await platform.deploy(names.spec(), isForced: false)
        let other = FunctionName(app: names.name.app, function: "exec__other__v1")
        let another = await #expect(throws: Failure.self) { try await platform.lookup(other) }
        #expect(another?.code == .functionNotFound)
    }

    private func stopped(_ platform: any FunctionPlatform, _ names: Names) async throws {
        _ = try await platform.deploy(names.spec(), isForced: false)
        #expect(try await platform.stop(names.name.app))
        #expect(try await platform.audit([names.name.app]).apps.isEmpty)
        #expect(try await !platform.stop(names.name.app))
        #expect(try await platform.deploy(names.spec(), isForced: false).isChanged)
    }

    private func synced(_ platform: any FunctionPlatform, _ names: Names) async throws {
        func sync(_ value: String) async throws -> SecretChange? {
            let secrets = [SecretValue(names.secret, [names.secret: value])]
            return try await platform.syncSecrets(secrets, isCheck: false)[names.secret]
        }
        #expect(try await sync("one") == .created)
        #expect(try await sync("one") == .unchanged)
        #expect(try await sync("two") == .rotated)
        #expect(try await sync("two") == .unchanged)
        #expect(try await platform.audit([]).secrets.contains(names.secret))
        _ = try await platform.deploy(names.spec(secrets: [names.secret]), isForced: false)
        #expect(try await platform.lookup(names.name).secrets == [names.secret])
        let audit = try await platform.audit([names.name.app])
        #expect(audit.apps[names.name.app]?.functions.first?.secrets == [names.secret])
        #expect(audit.apps[names.name.app]?.staleSecrets == [])
    }

    private func checked(_ platform: any FunctionPlatform, _ names: Names) async throws {
        let before = [SecretValue(names.secret, [names.secret: "one"])]
        _ = try await platform.syncSecrets(before, isCheck: false)
        let wanted = [
            SecretValue(names.secret, [names.secret: "two"]), SecretValue(names.other, [names.other: "x"]),
        ]
        let changes = try await platform.syncSecrets(wanted, isCheck: true)
        #expect(changes == [names.secret: .rotated, names.other: .created])
        #expect(try await !platform.audit([]).secrets.contains(names.other))
        #expect(try await platform.syncSecrets(before, isCheck: true) == [names.secret: .unchanged])
    }

    private func stale(
        _ platform: any FunctionPlatform, _ names: Names, until renewal: () async throws -> Int
    ) async throws {
        func sync(_ value: String) async throws {
            let secrets = [SecretValue(names.secret, [names.secret: value])]
            _ = try await platform.syncSecrets(secrets, isCheck: false)
        }
        func stale() async throws -> [String]? {
            try await platform.audit([names.name.app]).apps[names.name.app]?.staleSecrets
        }
        try await sync("one")
        let deployed = try await platform.deploy(names.spec(secrets: [names.secret]), isForced: false)
        #expect(try await stale() == [])
        try await sync("two")
        #expect(try await stale() == [names.secret])
        // Neither a sync that writes nothing nor a deployment that changes nothing gives new containers.
        try await sync("two")
        _ = try await platform.deploy(names.spec(secrets: [names.secret]), isForced: false)
        #expect(try await stale() == [names.secret])
        #expect(try await renewal() == deployed.version + 1)
        #expect(try await stale() == [])
        try await sync("three")
        #expect(try await stale() == [names.secret])
    }
}

extension ProcessorRef {
    static let sample: ProcessorRef = {
        do { return try ProcessorRef("text/check@1") } catch { fatalError("\(error)") }
    }()
}

/// One environment of the platform that functions are deployed to: Modal.
///
/// Everything here can be tried again: what is there already is left alone.
package protocol FunctionPlatform: Sendable {
    /// What is deployed, and the names of all secrets.
    ///
    /// - Parameter apps: the apps to look at; `nil` for all that the environment has.
    /// - Throws: `Failure` with `ERR_MODAL` (no such environment, no right) or `ERR_NETWORK`.
    func audit(_ apps: [String]?) async throws(Failure) -> FunctionAudit

    /// Publishes an app with its one function, unless just this runs already. Nothing is live before the publish.
    ///
    /// - Parameter isForced: publishes what is unchanged, too: that takes back scaling that was changed by hand, and makes
    ///   neither a new version nor new containers.
    /// - Throws: `Failure` with `ERR_MISSING_SECRET` (all that are missing), `ERR_SPEC` (the image names no command),
    ///   `ERR_IMAGE_UNPINNED`, `ERR_IMAGE_PULL`, `ERR_LEASE`, `ERR_MODAL` or `ERR_NETWORK`; then what was live before is
    ///   live still.
    func deploy(_ function: FunctionSpec, isForced: Bool) async throws(Failure) -> DeployedFunction

    /// Where a function answers.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when the app or the function is not deployed.
    func lookup(_ name: FunctionName) async throws(Failure) -> FunctionEndpoint

    /// Stops an app.
    ///
    /// - Returns: whether it was deployed.
    func stop(_ app: String) async throws(Failure) -> Bool

    /// Gives an app new containers of the same version: running ones keep the old value of a secret.
    ///
    /// - Returns: the version that is live now.
    func rollover(_ app: String) async throws(Failure) -> Int

    /// Writes secrets whose values are new or differ from what was synced last.
    ///
    /// - Parameter isCheck: tells what would be written and writes nothing.
    /// - Returns: what came of each.
    func syncSecrets(_ secrets: [SecretValue], isCheck: Bool) async throws(Failure) -> [String: SecretChange]
}

/// The names under which a processor is deployed.
package struct FunctionName: Hashable, Sendable, Codable {
    package let app: String
    package let function: String
    /// Whose app it is, where every branch and user has one.
    package let origin: AppOrigin?

    package init(app: String, function: String, origin: AppOrigin? = nil) {
        self.app = app
        self.function = function
        self.origin = origin
    }
}

/// The branch and the user that an app was deployed from, as its tags tell them: 1 to 63 of `A-Z a-z 0-9 . _ -`.
package struct AppOrigin: Hashable, Sendable, Codable {
    package let branch: String
    package let user: String

    package init(branch: String, user: String) {
        self.branch = branch
        self.user = user
    }
}

/// A function as it is to be deployed.
package struct FunctionSpec: Hashable, Sendable {
    package let name: FunctionName
    /// By digest.
    package let image: ImageReference
    /// How the image's server is started.
    package let configuration: ImageConfiguration
    package let specHash: String
    /// The secrets to mount: each has one key, of its own name.
    package let secrets: [String]
    /// The secret that the image is pulled with; `nil` where anybody may pull it.
    package let registryAuth: String?
    package let limits: RuntimeLimits
    /// The port that its server listens on.
    package let port: Int
    /// How long its server may take to listen there, in seconds.
    package let startupSeconds: Int

    package init(
        _ processor: Processor, name: FunctionName, image: ImageReference, configuration: ImageConfiguration,
        secrets: [String], registryAuth: String?
    ) {
        self.name = name
        self.image = image
        self.configuration = configuration
        specHash = processor.specHash
        self.secrets = secrets.sorted()
        self.registryAuth = registryAuth
        limits = processor.runtime
        port = processor.api.port
        startupSeconds = processor.smoke.startupSeconds
    }

    /// The name of the secret that images are pulled with (contract "Secrets"), and its keys.
    package static let registryAuth = "REGISTRY_AUTH"
    package static let registryAuthKeys = ["REGISTRY_USERNAME", "REGISTRY_PASSWORD"]
    /// What the tag `managed-by` says of an app that Pinion deployed.
    package static let manager = "pinion"

    /// The tag that tells the spec: a tag holds 63 characters.
    package static func tag(of specHash: String) -> String { String(specHash.prefix(63)) }
}

/// What an image's config says of itself and its server (OCI image spec, "config").
package struct ImageConfiguration: Hashable, Sendable, Codable {
    package let platform: Platform
    /// Entrypoint and Cmd, in one list.
    package let command: [String]
    package let workingDirectory: String
    package let environment: [String: String]

    package init(
        platform: Platform = .amd64, command: [String], workingDirectory: String = "",
        environment: [String: String] = [:]
    ) {
        self.platform = platform
        self.command = command
        self.workingDirectory = workingDirectory
        self.environment = environment
    }
}

/// What came of a deployment.
package struct DeployedFunction: Hashable, Sendable {
    package let version: Int
    /// The platform's own id of the image that runs.
    package let imageID: String
    package let url: String
    /// Whether it was published now.
    package let isChanged: Bool

    package init(version: Int, imageID: String, url: String, isChanged: Bool) {
        self.version = version
        self.imageID = imageID
        self.url = url
        self.isChanged = isChanged
    }
}

/// Where a deployed function answers, and what it runs as far as that can be read.
package struct FunctionEndpoint: Hashable, Sendable, Codable {
    package let url: String
    package let version: Int
    package let requiresProxyAuth: Bool
    /// The digest that the app's tags tell of.
    package let digest: Digest?
    package let imageID: String
    /// The image id that is bound to that digest; differs from `imageID` when something else runs.
    package let boundImageID: String?
    /// The names of the secrets that it mounts.
    package let secrets: [String]

    package init(
        url: String, version: Int, requiresProxyAuth: Bool, digest: Digest?, imageID: String, boundImageID: String?,
        secrets: [String]
    ) {
        self.url = url
        self.version = version
        self.requiresProxyAuth = requiresProxyAuth
        self.digest = digest
        self.imageID = imageID
        self.boundImageID = boundImageID
        self.secrets = secrets
    }
}

/// What is deployed in an environment.
package struct FunctionAudit: Hashable, Sendable {
    package var apps: [String: ObservedApp]
    /// The names of all secrets of the environment.
    package var secrets: Set<String>

    package init(apps: [String: ObservedApp] = [:], secrets: Set<String> = []) {
        self.apps = apps
        self.secrets = secrets
    }
}

/// A deployed app.
package struct ObservedApp: Hashable, Sendable, Codable {
    package let name: String
    package let version: Int
    /// RFC 3339.
    package let deployedAt: String?
    package let deployedBy: String?
    package let tags: [String: String]
    package let functions: [ObservedFunction]
    /// Secrets whose values were rotated since its containers came: they may hold the old ones.
    package let staleSecrets: [String]

    package init(
        name: String, version: Int, deployedAt: String?, deployedBy: String?, tags: [String: String],
        functions: [ObservedFunction], staleSecrets: [String] = []
    ) {
        self.name = name
        self.version = version
        self.deployedAt = deployedAt
        self.deployedBy = deployedBy
        self.tags = tags
        self.functions = functions
        self.staleSecrets = staleSecrets
    }

    /// The digest that its tags tell of, in two halves.
    package var digest: Digest? { try? Digest("sha256:" + (tags["digest-0"] ?? "") + (tags["digest-1"] ?? "")) }
}

/// A function of a deployed app, as the platform tells it.
package struct ObservedFunction: Hashable, Sendable, Codable {
    package let name: String
    package let imageID: String
    /// The image id that is bound to the tagged digest; `nil` when none is.
    package let boundImageID: String?
    package let cpu: Double?
    package let memoryMB: Int?
    /// Types, with a count where it is not one: `A100:2`.
    package let gpu: [String]
    package let timeoutSeconds: Int?
    package let scaling: ScalingLimits
    /// Names; the id of one that was deleted since.
    package let secrets: [String]
    package let url: String?
    package let requiresProxyAuth: Bool?

    package init(
        name: String, imageID: String, boundImageID: String?, cpu: Double?, memoryMB: Int?, gpu: [String],
        timeoutSeconds: Int?, scaling: ScalingLimits, secrets: [String], url: String?, requiresProxyAuth: Bool?
    ) {
        self.name = name
        self.imageID = imageID
        self.boundImageID = boundImageID
        self.cpu = cpu
        self.memoryMB = memoryMB
        self.gpu = gpu
        self.timeoutSeconds = timeoutSeconds
        self.scaling = scaling
        self.secrets = secrets
        self.url = url
        self.requiresProxyAuth = requiresProxyAuth
    }
}

/// The values of a secret, on their way to the platform's store. Its description shows none.
package struct SecretValue: Sendable, CustomStringConvertible, CustomReflectable {
    package let name: String
    /// By key; most secrets have one key, of their own name.
    package let values: [String: String]

    package init(_ name: String, _ values: [String: String]) {
        self.name = name
        self.values = values
    }

    package var description: String { name }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// What syncing does, or would do, to a secret.
package enum SecretChange: String, Hashable, Sendable, Codable {
    /// It was not there.
    case created
    /// Its value differs from what was synced last, or nobody knows what was.
    case rotated
    case unchanged
}

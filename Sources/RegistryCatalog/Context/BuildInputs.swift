import DeploymentModel
import Git

/// Where the build of a spec lies in a commit, and the keys that follow from it.
struct BuildInputs {
    /// The context's folder in the repository.
    let context: String
    /// The Dockerfile's path in the repository.
    let dockerfile: String
    let keys: [Platform: InputKey]

    /// - Throws: `Failure` with `ERR_SPEC` when the paths lead out of the repository or the Dockerfile is not there.
    init(of spec: ProcessorSpec, _ build: BuildSpec, at commit: ObjectID, in repository: GitRepository)
        async
        throws(Failure)
    {
        let folder = spec.path.split(separator: "/").dropLast().joined(separator: "/")
        context = try Self.resolve(build.context, in: folder)
        dockerfile = try Self.resolve(build.dockerfile, in: context)
        let files = try await BuildContext(context: context, dockerfile: dockerfile, at: commit, in: repository)
        var keys: [Platform: InputKey] = [:]
        for platform in Platform.allCases {
            keys[platform] = try files.key(platform: platform, args: build.args, target: build.target)
        }
        self.keys = keys
    }

    /// A path relative to a folder, inside the repository; `//` starts at the repository's root.
    private static func resolve(_ path: String, in folder: String) throws(Failure) -> String {
        let start = path.hasPrefix("//") ? "" : folder
        var parts = start.split(separator: "/")
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else {
                    throw Failure(.spec, "'\(path)' leads out of the repository", remedy: "Keep it inside.")
                }
            } else {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}

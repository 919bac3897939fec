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
        let own = try Self.place(build, in: folder)
        // Older files write the context from the root of the repository.
        let older = build.context.hasPrefix("//") ? own : try? Self.place(build, in: "")
        if let older, older != own, !(try await Self.exists(own.dockerfile, commit, repository)),
            try await Self.exists(older.dockerfile, commit, repository)
        {
            (context, dockerfile) = older
        } else {
            (context, dockerfile) = own
        }
        let files = try await BuildContext(context: context, dockerfile: dockerfile, at: commit, in: repository)
        var keys: [Platform: InputKey] = [:]
        for platform in Platform.allCases {
            keys[platform] = try files.key(platform: platform, args: build.args, target: build.target)
        }
        self.keys = keys
    }

    private static func place(
        _ build: BuildSpec, in folder: String
    ) throws(Failure) -> (context: String, dockerfile: String) {
        let context = try resolve(build.context, in: folder)
        return (context, try resolve(build.dockerfile, in: context))
    }

    private static func exists(
        _ path: String, _ commit: ObjectID, _ repository: GitRepository
    ) async throws(Failure) -> Bool {
        do throws(GitError) {
            return try await repository.file(at: path, in: commit) != nil
        } catch { throw Failure(.git, error.message) }
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

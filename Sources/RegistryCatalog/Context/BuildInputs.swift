package import DeploymentModel
package import Git

/// Where the build of a spec lies in a commit, what it can see there, and the keys that follow from it.
package struct BuildInputs: Sendable {
    package let context: BuildContext
    package let keys: [Platform: InputKey]

    /// - Throws: `Failure` with `ERR_SPEC` when the paths lead out of the repository or the Dockerfile is not there.
    package init(of spec: ProcessorSpec, _ build: BuildSpec, at commit: ObjectID, in repository: GitRepository)
        async throws(Failure)
    {
        let folder = spec.path.split(separator: "/").dropLast().joined(separator: "/")
        var recipe = try Self.recipe(build, in: folder)
        // Older files write the context from the root of the repository.
        let older = build.context.hasPrefix("//") ? recipe : try? Self.recipe(build, in: "")
        if let older, older != recipe, !(try await Self.exists(recipe.dockerfile, commit, repository)),
            try await Self.exists(older.dockerfile, commit, repository)
        {
            recipe = older
        }
        context = try await BuildContext(recipe, at: commit, in: repository)
        var keys: [Platform: InputKey] = [:]
        for platform in Platform.allCases { keys[platform] = try InputKeyParts(context, platform: platform).key() }
        self.keys = keys
    }

    private static func recipe(_ build: BuildSpec, in folder: String) throws(Failure) -> BuildContext.Recipe {
        let context = try resolve(build.context, in: folder)
        return BuildContext.Recipe(
            context: context, dockerfile: try resolve(build.dockerfile, in: context), args: build.args,
            target: build.target)
    }

    /// The Dockerfiles that a spec may mean, by its own folder and by the repository's root.
    static func dockerfiles(_ build: BuildSpec, in folder: String) -> [String] {
        [folder, ""].compactMap { try? recipe(build, in: $0).dockerfile }
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

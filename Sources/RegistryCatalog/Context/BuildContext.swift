package import DeploymentModel
package import Git

/// The files of a commit that a build can see: they are sent to the builder, and the input key covers them.
package struct BuildContext: Sendable {
    /// What a build is made of, apart from the platform. Paths are from the repository's root, `""` is the root itself.
    package struct Recipe: Hashable, Sendable {
        package let context: String
        package let dockerfile: String
        package let args: [String: String]
        package let target: String?

        package init(context: String, dockerfile: String, args: [String: String] = [:], target: String? = nil) {
            self.context = context
            self.dockerfile = dockerfile
            self.args = args
            self.target = target
        }

        /// What the paths in the repository start with, of all that lies in the context.
        var prefix: String { context.isEmpty ? "" : context + "/" }
    }

    package let recipe: Recipe
    /// Sorted by path; the paths are relative to the context. The Dockerfile is among them only if the build can see it.
    package let files: [TreeEntry]
    /// The Dockerfile's path inside the archive.
    package let dockerfile: String
    package let dockerfileID: ObjectID
    /// What the archive has for the builder alone.
    package let hidden: HiddenEntries?
    /// How many files there are after `.dockerignore`, seen by the build or not.
    package let candidates: Int
    /// Why all of them are seen, as a clause; `nil` when only those are that the Dockerfile provably takes.
    package let seesAllBecause: String?
    /// The images that the build starts from or copies from.
    package let bases: [DockerfileReach.Base]
    /// What is wrong with the Dockerfile, sorted by place.
    package let diagnostics: [Diagnostic]

    /// Lists what is below the context's folder, without what `.dockerignore` excludes, without catalog files (the pins are
    /// in them, and a pin must never trigger a build), and without what the Dockerfile provably never takes.
    ///
    /// Both platforms see the same files, so that one archive serves both.
    ///
    /// - Throws: `Failure` with `ERR_SPEC` when there is no Dockerfile, or an ignore file can't be read; `ERR_GIT`.
    package init(_ recipe: Recipe, at commit: ObjectID, in repository: GitRepository) async throws(Failure) {
        let texts = try await ContextTexts(recipe, commit, repository)
        var rules = IgnoreRules()
        if let ignore = texts.ignore {
            do throws(IgnoreRules.Malformed) {
                rules = try IgnoreRules(String(decoding: ignore.bytes, as: UTF8.self))
            } catch {
                throw Failure(
                    .spec, "\(ignore.path):\(error.line): \(error.reason)",
                    remedy: "Docker refuses this line too; correct it.")
            }
        }
        let listing = ContextListing(texts.entries, prefix: recipe.prefix, rules: rules)
        self.init(
            recipe, texts.file, Dockerfile(texts.dockerfile), listing,
            goesByContext: texts.ignore?.path == recipe.prefix + DockerfilePlace.ignoreFile)
    }

    /// - Parameter goesByContext: whether the ignore file is that of the context.
    private init(
        _ recipe: Recipe, _ file: TreeEntry, _ text: Dockerfile, _ listing: ContextListing, goesByContext: Bool
    ) {
        let reach = DockerfileReach.union(
            Platform.allCases.map {
                DockerfileReach(of: text, platform: $0, args: recipe.args, target: recipe.target)
            })
        let patterns = ContextPatterns(reach?.sources ?? [])
        let why = reach?.unprovable ?? patterns.link(among: listing.kept)
        let isInside = file.path.hasPrefix(recipe.prefix)
        let own = isInside ? String(file.path.dropFirst(recipe.prefix.count)) : nil
        let files = why == nil ? listing.kept.filter { patterns.take($0.path) } : listing.kept
        let place = DockerfilePlace(own, among: files.lazy.map(\.path), isIgnored: goesByContext) { path in
            why != nil || patterns.take(path)
        }
        self.recipe = recipe
        self.files = files
        dockerfile = place.path
        hidden = place.hidden
        dockerfileID = file.id
        candidates = listing.kept.count
        seesAllBecause = why
        bases = reach?.bases ?? []
        let findings = text.findings + (reach?.findings ?? []) + listing.missing(of: reach?.sources ?? [])
        diagnostics = Set(findings).map { $0.diagnostic(file: file.path) }.sorted()
    }

    /// What goes into the archive: the files, and the Dockerfile.
    package var archived: [TreeEntry] {
        if files.contains(where: { $0.path == dockerfile }) { return files }
        let own = TreeEntry(path: dockerfile, mode: .file, id: dockerfileID)
        return (files + [own]).sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
}

/// What is read out of git for a context.
private struct ContextTexts {
    let file: TreeEntry
    let dockerfile: [UInt8]
    /// `<Dockerfile>.dockerignore`, else the context's `.dockerignore`.
    let ignore: (path: String, bytes: [UInt8])?
    let entries: [TreeEntry]

    /// In one visit to the repository's thread: each would cost as much as the reading.
    init(_ recipe: BuildContext.Recipe, _ commit: ObjectID, _ repository: isolated GitRepository) throws(Failure) {
        do throws(GitError) {
            let file = try repository.file(at: recipe.dockerfile, in: commit)
            guard let file, file.mode != .symlink, file.mode != .submodule else {
                throw GitError(.notFound, "there is no \(recipe.dockerfile) in commit \(commit.short)")
            }
            self.file = file
            dockerfile = try repository.blob(file.id)
            var ignore: (path: String, bytes: [UInt8])?
            for path in [file.path + ".dockerignore", recipe.prefix + DockerfilePlace.ignoreFile] where ignore == nil {
                guard let entry = try repository.file(at: path, in: commit) else { continue }
                ignore = (path, try repository.blob(entry.id))
            }
            self.ignore = ignore
            entries = try repository.files(at: commit, under: recipe.context)
        } catch {
            guard error.kind == .notFound else { throw Failure(.git, error.message) }
            throw Failure(.spec, error.message, remedy: "Commit it, or name the right file in build.dockerfile.")
        }
    }
}

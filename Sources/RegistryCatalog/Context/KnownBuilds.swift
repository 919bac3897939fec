package import ContentCache
import DeploymentModel
package import Git

/// What the build of a spec is made of in one commit.
struct KnownBuild: Sendable {
    /// As the spec has it.
    let build: BuildSpec
    /// The folder and the Dockerfile that it was found to mean.
    let context: String
    let dockerfile: String
    let keys: [Platform: InputKey]
    let diagnostics: [Diagnostic]
    /// The places in the tree that decided.
    let places: [String]

    init(_ inputs: BuildInputs, of spec: ProcessorSpec, _ build: BuildSpec) {
        self.build = build
        context = inputs.context.recipe.context
        dockerfile = inputs.context.recipe.dockerfile
        keys = inputs.keys
        diagnostics = inputs.context.diagnostics
        places = inputs.places(of: spec, build)
    }

    /// Claims that it is about such a build.
    func isOf(_ other: BuildSpec) -> Bool {
        (build.context, build.dockerfile) == (other.context, other.dockerfile)
            && build.args == other.args && build.target == other.target
    }
}

/// The builds of one commit's specs, by path of the spec, as an earlier run found them.
struct KnownBuilds: Sendable {
    let commit: ObjectID
    let builds: [String: KnownBuild]

    /// Those that another commit does not touch; none where that can't be told.
    func carried(to other: ObjectID, in repository: GitRepository) async -> [String: KnownBuild] {
        guard other != commit else { return builds }
        // The commit may have been cleaned away.
        guard let changes = try? await repository.changedPaths(from: commit, to: other) else { return [:] }
        var touched: Set<String> = []
        for change in changes {
            touched.insert("")
            var path = Substring(change.path)
            // With all folders above it, as far as they are not known to be touched.
            while touched.insert(String(path)).inserted, let slash = path.lastIndex(of: "/") { path = path[..<slash] }
        }
        return touched.isEmpty ? builds : builds.filter { touched.isDisjoint(with: $0.value.places) }
    }
}

/// What the cache has of a repository's builds, for whoever needs it in a while: its task is detached, because it is waited for
/// elsewhere or by nobody.
package struct PreparedBuilds: Sendable {
    let known: Task<KnownBuilds?, Never>

    package init(of repository: GitRepository, in cache: CacheFolder) {
        known = Task.detached { KnownBuilds(of: repository, in: cache) }
    }
}

extension BuildInputs {
    /// The places in the tree that decided: the context's folder and what the Dockerfile is read from. Where a build may
    /// have been looked for in two places, everything counts: `""`.
    func places(of spec: ProcessorSpec, _ build: BuildSpec) -> [String] {
        let folder = spec.path.split(separator: "/").dropLast().joined(separator: "/")
        let recipe = context.recipe
        guard build.context == ".", recipe.context == folder else { return [""] }
        return [recipe.context, recipe.dockerfile, recipe.dockerfile + ".dockerignore"]
    }
}

/// As bytes, one file for each repository.
extension KnownBuilds {
    /// What is known of a repository; `nil` where there is no file or a bad one.
    init?(of repository: GitRepository, in cache: CacheFolder) {
        let known = cache.load(Self.name(repository)) { (reader) throws(ByteReader.Malformed) in
            let commit = try reader.objectID()
            let builds = try reader.list { (reader) throws(ByteReader.Malformed) in
                (try reader.text(), try KnownBuild(from: &reader))
            }
            return KnownBuilds(commit: commit, builds: Dictionary(builds) { first, _ in first })
        }
        guard let known else { return nil }
        self = known
    }

    /// Keeps it for later.
    func store(of repository: GitRepository, in cache: CacheFolder) {
        cache.store(Self.name(repository)) { writer in
            writer.put(raw: commit.bytes)
            writer.put(builds) { writer, known in
                writer.put(known.key)
                known.value.write(to: &writer)
            }
        }
    }

    private static func name(_ repository: GitRepository) -> String { "builds \(repository.gitDirectory)" }
}

extension KnownBuild {
    fileprivate func write(to writer: inout ByteWriter) {
        build.write(to: &writer)
        writer.put(context)
        writer.put(dockerfile)
        writer.put(keys) { $0.put($1) }
        writer.put(diagnostics) { $0.put($1, of: dockerfile) }
        writer.put(places) { $0.put($1) }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        build = try BuildSpec(from: &reader)
        context = try reader.text()
        let dockerfile = try reader.text()
        self.dockerfile = dockerfile
        keys = try reader.platforms { (reader) throws(ByteReader.Malformed) in try reader.key() }
        diagnostics = try reader.list { (reader) throws(ByteReader.Malformed) in
            try reader.diagnostic(of: dockerfile)
        }
        places = try reader.list { (reader) throws(ByteReader.Malformed) in try reader.text() }
    }
}

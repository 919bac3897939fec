import DeploymentModel
package import Git

/// The files that a git repository lacks to be one that Pinion works on: a spec for each Dockerfile that looks like a
/// processor's, the environments, lanes for them, and the schemas that these name to editors. Only files that are not there.
package struct RepositoryProposal: Sendable {
    package struct File: Hashable, Sendable, Encodable {
        /// From the root of the repository.
        package let path: String
        package let text: String
        /// What it is for, as a clause.
        package let reason: String
    }

    /// A Dockerfile that gets no spec.
    package struct Omission: Hashable, Sendable, Encodable {
        package let path: String
        package let reason: String
    }

    /// What the person says whom nobody can ask the repository about.
    package struct Choices: Sendable {
        /// The namespace of processors whose folders name none.
        package let namespace: String
        /// The OCI registry that Modal reaches; `nil` leaves environments on Modal out.
        package let registry: String?
        /// The branch that `staging` follows.
        package let branch: String

        package init(namespace: String, registry: String?, branch: String) {
            self.namespace = namespace
            self.registry = registry
            self.branch = branch
        }
    }

    /// Sorted by path.
    package private(set) var files: [File] = []
    package private(set) var omissions: [Omission] = []

    private let paths: Set<String>

    /// - Parameters:
    ///   - catalog: what the registry of this commit says already.
    /// - Throws: `GitError` when git cannot be read.
    package init(
        _ catalog: Catalog, in repository: GitRepository, _ choices: Choices
    ) async throws(GitError) {
        let entries = try await repository.files(at: catalog.commit.id).filter { $0.mode != .symlink }
        paths = Set(entries.map(\.path))
        var refs = Set(catalog.processors.map(\.ref))
        let taken = Set(Self.dockerfiles(of: catalog))
        for entry in entries where Self.isDockerfile(entry.path) {
            let found = FoundDockerfile(entry, among: entries, namespace: choices.namespace)
            if taken.contains(entry.path) || paths.contains(found.folderPath("registry.yaml")) {
                omissions.append(Omission(path: entry.path, reason: "there is a spec for it"))
            } else if let ref = found.ref, refs.insert(ref).inserted {
                let looks = try await found.look(in: repository)
                guard let server = looks.server else {
                    omissions.append(Omission(path: entry.path, reason: looks.reason))
                    refs.remove(ref)
                    continue
                }
                add(found.spec(ref, server), at: found.specPath(ref), "\(entry.path) \(looks.reason)")
            } else {
                omissions.append(
                    Omission(
                        path: entry.path,
                        reason: found.ref.map { "another processor is called \($0)" }
                            ?? "no name of a processor can be made of its folder"))
            }
        }
        addEnvironments(catalog, choices)
        if files.contains(where: { $0.reason.hasPrefix("the lane") }) { add(.lane) }
        if files.contains(where: { $0.path.hasSuffix("registry.yaml") || $0.path.hasPrefix("registry/processors/") }) {
            add(.processor)
        }
        files.sort { $0.path < $1.path }
    }

    private mutating func add(_ text: String, at path: String, _ reason: String) {
        guard !paths.contains(path) else { return }
        files.append(File(path: path, text: text, reason: reason))
    }

    /// The schema that files name to editors.
    private mutating func add(_ schema: SpecSchema) {
        add(schema.text + "\n", at: "registry/\(schema.fileName)", "tells editors what may stand there")
    }

    private mutating func addEnvironments(_ catalog: Catalog, _ choices: Choices) {
        var targets = Dictionary(catalog.environments.map { ($0.name, $0.target) }) { first, _ in first }
        if !paths.contains(EnvironmentSpec.file) {
            add(ScaffoldTemplate.environments(choices), at: EnvironmentSpec.file, "where processors run")
            add(.environments)
            targets = ["local": .docker]
            if choices.registry != nil { for name in ["dev", "staging", "main"] { targets[name] = .modal } }
        }
        let known = Set(catalog.lanes.map(\.name))
        for lane in ScaffoldTemplate.lanes(choices.registry) where !known.contains(lane.name) {
            guard targets[lane.environment] == lane.target else { continue }
            add(lane.text, at: "pipelines/\(lane.name).yaml", "the lane '\(lane.name)'")
        }
    }

    /// A text as a namespace may read; `nil` where nothing is left of it.
    package static func namespace(_ text: String) -> String? { FoundDockerfile.word(text) }

    private static func isDockerfile(_ path: String) -> Bool {
        ["Dockerfile", "Containerfile"].contains(path.split(separator: "/").last.map(String.init))
    }

    /// What the specs that are there build from.
    private static func dockerfiles(of catalog: Catalog) -> [String] {
        catalog.processors.flatMap { spec -> [String] in
            guard let build = spec.build else { return [] }
            let folder = spec.path.split(separator: "/").dropLast().joined(separator: "/")
            return BuildInputs.dockerfiles(build, in: folder)
        }
    }
}

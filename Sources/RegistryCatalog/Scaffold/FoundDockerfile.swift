import DeploymentModel
import Git

/// A Dockerfile of a repository, and what its folder tells of it.
struct FoundDockerfile {
    /// How a processor's server is spoken to.
    struct Server {
        let transport: ProcessorAPI.Transport
        let port: Int
    }

    private let entry: TreeEntry
    private let folder: String
    /// Texts of the folder that may tell of the protocol, small ones alone.
    private let neighbours: [TreeEntry]
    let ref: ProcessorRef?

    /// How many files of a folder are looked into, and how much of each.
    private static let limits = (files: 400, bytes: 256 << 10)

    init(_ entry: TreeEntry, among entries: [TreeEntry], namespace: String) {
        self.entry = entry
        let folder = entry.path.split(separator: "/").dropLast().joined(separator: "/")
        self.folder = folder
        let prefix = folder.isEmpty ? "" : folder + "/"
        let sources = [
            "py", "js", "mjs", "ts", "go", "rs", "rb", "java", "kt", "swift", "c", "cc", "cpp", "cs", "sh", "php", "ex",
        ]
        neighbours = Array(
            entries.lazy.filter { other in
                other.path.hasPrefix(prefix) && sources.contains { other.path.hasSuffix("." + $0) }
            }.prefix(Self.limits.files))
        ref = Self.ref(of: folder, namespace: namespace)
    }

    /// `processors/<ns>_<name>` names both; any other folder the name alone, and the root none but the namespace's own.
    private static func ref(of folder: String, namespace: String) -> ProcessorRef? {
        let parts = folder.split(separator: "/").map(String.init)
        if case .processor(let slug, let version) = SpecPath(folder + "/registry.yaml"),
            let mark = slug.firstIndex(of: "_")
        {
            return try? ProcessorRef("\(slug[..<mark])/\(slug[slug.index(after: mark)...])@\(version ?? 1)")
        }
        let name = word(parts.last ?? namespace)
        return name.flatMap { try? ProcessorRef("\(namespace)/\($0)@1") }
    }

    /// A text as a part of a ref may read; `nil` where nothing is left of it.
    static func word(_ text: String) -> String? {
        let word = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.joined(separator: "-")
        return word.isEmpty ? nil : word
    }

    func folderPath(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }

    /// Beside the Dockerfile where catalogs look there, else in `registry/processors`.
    func specPath(_ ref: ProcessorRef) -> String {
        if case .processor = SpecPath(folderPath("registry.yaml")) { return folderPath("registry.yaml") }
        return "registry/processors/\(ref.slug).yaml"
    }

    /// Whether it looks like a processor's, and why; one has a program of its own that answers `/healthz` and `/run`.
    func look(in repository: GitRepository) async throws(GitError) -> (server: Server?, reason: String) {
        let dockerfile = try await text(of: entry, in: repository)
        let instructions = DockerfileLines(Array(dockerfile.utf8)).instructions
        guard instructions.contains(where: { ["CMD", "ENTRYPOINT"].contains($0.keyword) }) else {
            return (nil, "it starts no program")
        }
        let exposed = instructions.last { $0.keyword == "EXPOSE" }
        let port = exposed?.arguments.split(whereSeparator: \.isWhitespace).first
            .flatMap { Int($0.prefix { $0.isNumber }) }
        var (answersHealth, answersRuns, isWebSocket) = (false, false, false)
        for neighbour in [entry] + neighbours {
            let text = try await text(of: neighbour, in: repository)
            answersHealth = answersHealth || text.contains("/healthz")
            answersRuns = answersRuns || text.contains("/run")
            isWebSocket = isWebSocket || text.contains("theory.run.v1")
        }
        guard answersHealth, answersRuns else {
            let missing = answersHealth ? "/run" : answersRuns ? "/healthz" : "/healthz and /run"
            return (nil, "nothing beside it speaks of \(missing)")
        }
        return (
            Server(transport: isWebSocket ? .ws : .http, port: port ?? 8000),
            "starts a server of /healthz and /run"
        )
    }

    func spec(_ ref: ProcessorRef, _ server: Server) -> String {
        let path = specPath(ref)
        let depth = path.split(separator: "/").count - 1
        let schema = String(repeating: "../", count: depth) + "registry"
        let isBeside = path.hasSuffix("/registry.yaml")
        let name = entry.path.split(separator: "/").last ?? "Dockerfile"
        return """
            \(SpecSchema.processor.modeline(folder: schema))
            ref: \(ref)

            image:
              platforms:                 # pinned by Pinion
                amd64: sha256:pending
                arm64: sha256:pending

            build:
              context: \(isBeside ? "." : "//\(folder)".yamlScalar)
              dockerfile: \(String(name).yamlScalar)
              port: \(server.port)

            # Names alone; values come from the environment of whoever deploys.
            secrets: {required: [], optional: []}

            api: {protocol: \(server.transport.rawValue), path: /run, healthz: /healthz}

            """
    }

    private func text(of entry: TreeEntry, in repository: GitRepository) async throws(GitError) -> String {
        let blob = try await repository.blob(entry.id, atMost: Self.limits.bytes)
        return String(decoding: blob.bytes ?? [], as: UTF8.self)
    }
}

extension String {
    /// As a YAML scalar that reads as this text. Control characters stand in double quotes alone, as escapes.
    fileprivate var yamlScalar: String {
        let isPlain = allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/_-.".contains($0)) }
        if isPlain { return self }
        guard unicodeScalars.contains(where: \.isYAMLEscaped) else {
            return "'" + replacing("'", with: "''") + "'"
        }
        let escaped = unicodeScalars.map { scalar -> String in
            if scalar == "\\" || scalar == "\"" { return "\\\(scalar)" }
            guard scalar.isYAMLEscaped else { return String(scalar) }
            let hex = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
        return "\"" + escaped.joined() + "\""
    }
}

extension Unicode.Scalar {
    /// Claims that YAML knows it as an escape alone, or ends a line at it.
    fileprivate var isYAMLEscaped: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF: true
        default: false
        }
    }
}

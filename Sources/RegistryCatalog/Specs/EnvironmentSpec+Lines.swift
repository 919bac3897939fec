package import Git
import YAML

extension EnvironmentSpec {
    /// The lines of `pipelines/environments.yaml` that describe this environment at a commit, by key: `registry`,
    /// `gates.max_age`. Empty where the file does not name it.
    package func lines(at commit: Commit, in repository: GitRepository) async throws(GitError) -> [String: Int] {
        guard let entry = try await repository.file(at: Self.file, in: commit.id),
            let root = try? YAMLDocument(await repository.blob(entry.id)).root,
            let own = root.value(of: "environments")?.value(of: name)
        else { return [:] }
        var lines: [String: Int] = [:]
        for pair in own.mapping ?? [] {
            guard let key = pair.key.scalar?.text else { continue }
            lines[key] = pair.key.span.start.line
            guard key == "gates" else { continue }
            for gate in pair.value.mapping ?? [] {
                if let name = gate.key.scalar?.text { lines["gates.\(name)"] = gate.key.span.start.line }
            }
        }
        return lines
    }
}

extension YAMLNode {
    fileprivate func value(of key: String) -> YAMLNode? {
        mapping?.first { $0.key.scalar?.text == key }?.value
    }
}

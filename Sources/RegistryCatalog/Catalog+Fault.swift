package import DeploymentModel

extension Catalog {
    /// The first error of a processor: in what its path says is its spec, or in a file beside that, such as a Dockerfile.
    package func fault(of ref: ProcessorRef) -> Diagnostic? {
        diagnostics.first { finding in
            guard finding.severity == .error else { return false }
            let folder = finding.file.split(separator: "/").dropLast().joined(separator: "/")
            return [finding.file, folder + "/registry.yaml"].contains { path in
                guard case .processor(let slug, let version) = SpecPath(path) else { return false }
                return slug == ref.slug && version.map { $0 == ref.version } ?? true
            }
        }
    }
}

extension Diagnostic {
    /// `registry/processors/text_stats/registry.yaml:3:17: 'api.protocol' is 'x'`
    package var sentence: String {
        ([file] + [line, column].compactMap { $0.map(String.init) }).joined(separator: ":") + ": \(message)"
    }
}

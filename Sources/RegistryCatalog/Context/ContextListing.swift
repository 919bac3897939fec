import DeploymentModel
import Git

/// All that lies in a context's folder: what the ignore rules keep, and why the rest is not there.
struct ContextListing {
    /// Sorted by path; the paths are relative to the context.
    let kept: [TreeEntry]
    private let catalogFiles: [String]
    private let ignored: [String]
    private let submodules: [String]

    init(_ entries: [TreeEntry], prefix: String, rules: IgnoreRules) {
        var kept: [TreeEntry] = []
        var (catalogFiles, ignored, submodules): ([String], [String], [String]) = ([], [], [])
        var filter = IgnoreRules.Filter(rules)
        for entry in entries {
            let path = String(entry.path.dropFirst(prefix.count))
            if entry.mode == .submodule {
                submodules.append(path)
            } else if SpecPath.isCatalogFile(entry.path) {
                catalogFiles.append(path)
            } else if filter.excludes(path) {
                ignored.append(path)
            } else {
                kept.append(TreeEntry(path: path, mode: entry.mode, id: entry.id))
            }
        }
        self.kept = kept.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        self.catalogFiles = catalogFiles
        self.ignored = ignored
        self.submodules = submodules
    }

    /// What is wrong with sources that name one path: the builder would not find them. A pattern may find nothing.
    func missing(of sources: [DockerfileReach.Source]) -> [DockerfileFinding] {
        let links = kept.filter { $0.mode == .symlink }.map(\.path)
        return sources.compactMap { source in
            let path = source.path
            guard source.namesOnePath, !links.contains(where: { Self.isOrHolds($0, path) }) else { return nil }
            if catalogFiles.contains(path) {
                return DockerfileFinding(
                    .error, "\(source.keyword) takes the catalog file \(path), which is never part of a build",
                    line: source.line, fix: "put what the build needs into a file of its own; a pin changes this one")
            }
            guard !kept.contains(where: { Self.isOrHolds(path, $0.path) }) else { return nil }
            let (reason, fix) = reason(path)
            return DockerfileFinding(
                .error, "\(source.keyword) takes \(path), \(reason)", line: source.line, fix: fix)
        }
    }

    private func reason(_ path: String) -> (String, fix: String) {
        if ignored.contains(where: { Self.isOrHolds(path, $0) }) {
            return ("which .dockerignore keeps out", "take it back there: !\(path)")
        }
        if catalogFiles.contains(where: { Self.isOrHolds(path, $0) }) {
            return ("where only catalog files are", "leave it out; catalog files are never part of a build")
        }
        if submodules.contains(where: { Self.isOrHolds($0, path) || Self.isOrHolds(path, $0) }) {
            return ("which is in a submodule", "submodules are not followed; commit the files themselves")
        }
        return ("which is not in the context", "commit it, or correct the path: it starts at the context's folder")
    }

    /// Claims that a path is the folder (or file) or lies in it.
    private static func isOrHolds(_ folder: String, _ path: String) -> Bool {
        let (folder, path) = (folder.utf8, path.utf8)
        guard path.starts(with: folder) else { return false }
        return path.count == folder.count || path.dropFirst(folder.count).first == UInt8(ascii: "/")
    }
}

extension DockerfileReach.Source {
    /// Claims that there is no pattern in it.
    fileprivate var namesOnePath: Bool { !path.contains { "*?[\\".contains($0) } }
}

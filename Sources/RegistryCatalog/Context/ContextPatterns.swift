import Git

/// The sources of a Dockerfile as something that paths can be held against.
struct ContextPatterns {
    private struct Source {
        let parts: [Part]
        let line: Int
    }

    private enum Part {
        case name(Substring)
        case pattern(PathPattern)

        func fits(_ name: Substring) -> Bool {
            switch self {
            case .name(let own): own.utf8.elementsEqual(name.utf8)
            case .pattern(let pattern): pattern.matches(name)
            }
        }
    }

    private let sources: [Source]

    init(_ sources: [DockerfileReach.Source]) {
        self.sources = sources.map { source in
            let parts = source.parts.map { part -> Part in
                guard part.contains(where: { "*?[\\".contains($0) }),
                    let pattern = try? PathPattern(part, acrossFolders: false)
                else { return .name(part[...]) }
                return .pattern(pattern)
            }
            return Source(parts: parts, line: source.line)
        }
    }

    /// Claims that a source is this path or a folder above it.
    func take(_ path: String) -> Bool {
        let names = path.split(separator: "/")
        return sources.contains { source in
            source.parts.count <= names.count && zip(source.parts, names).allSatisfy { $0.fits($1) }
        }
    }

    /// Tells that a source leads through a symbolic link, and so to a place that its path does not name.
    func link(among entries: [TreeEntry]) -> String? {
        for entry in entries where entry.mode == .symlink {
            let names = entry.path.split(separator: "/")
            let through = sources.first { source in
                source.parts.count >= names.count && zip(source.parts, names).allSatisfy { $0.fits($1) }
            }
            if let through { return "line \(through.line) goes through the symbolic link \(entry.path)" }
        }
        return nil
    }
}

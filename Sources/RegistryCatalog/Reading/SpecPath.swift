import DeploymentModel

/// What a path in a repository says about the spec that it holds.
enum SpecPath: Hashable {
    /// A processor; the texts are the slugs (`llm_litellm`) that a ref may have there, and its version if the path has one.
    case processor(slug: String, version: Int?)
    case support(SupportSpec.Kind)
    case lane(name: String)

    /// `nil` for a path that is no place of a spec.
    init?(_ path: String) {
        // Most files of a repository are no YAML, and every one of them comes by here.
        let isLong = path.utf8.suffix(5).elementsEqual(".yaml".utf8)
        guard isLong || path.utf8.suffix(4).elementsEqual(".yml".utf8) else { return nil }
        if let name = LaneSpec.name(ofFile: path) {
            self = .lane(name: name)
            return
        }
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        guard let file = parts.last, parts.count >= 3 else { return nil }
        let isRegistryFile = file.elementsEqual("registry.yaml".utf8)
        let first = String(Substring(parts[0]))
        if isRegistryFile, parts[parts.count - 3].elementsEqual("processors".utf8) {
            let (slug, version) = Self.split(String(Substring(parts[parts.count - 2])))
            self = .processor(slug: slug, version: version)
        } else if isRegistryFile, parts.count == 5, first == "tools", let version = Int(Substring(parts[3])) {
            self = .processor(slug: Self.slug("\(Substring(parts[1]))_\(Substring(parts[2]))"), version: version)
        } else if first == "registry" {
            let fileName = String(Substring(file.dropLast(isLong ? 5 : 4)))
            switch (String(Substring(parts[1])), parts.count) {
            case ("processors", 3):
                let (slug, version) = Self.split(fileName)
                self = .processor(slug: slug, version: version)
            case ("processors", 4):
                let (name, version) = Self.split(fileName)
                self = .processor(slug: Self.slug("\(Substring(parts[2]))_\(name)"), version: version)
            case (let folder, 3):
                guard let kind = SupportSpec.Kind(rawValue: folder) else { return nil }
                self = .support(kind)
            default: return nil
            }
        } else {
            return nil
        }
    }

    /// The folder above a file that stands where a spec is looked for: `processors/text_stats/registry.yaml/x`.
    static func folder(in path: String) -> String? {
        let text = path.utf8
        for slash in text.indices where text[slash] == UInt8(ascii: "/") {
            let suffix = text[..<slash].suffix(5)
            guard suffix.elementsEqual(".yaml".utf8) || suffix.suffix(4).elementsEqual(".yml".utf8) else { continue }
            let folder = String(path[..<slash])
            if SpecPath(folder) != nil || folder == EnvironmentSpec.file { return folder }
        }
        return nil
    }

    /// Claims that a file belongs to the catalog and so to no build: a pin must never trigger one.
    static func isCatalogFile(_ path: String) -> Bool {
        if path == "registry.yaml" || path.hasSuffix("/registry.yaml") { return true }
        return path.hasPrefix("registry/") && (path.hasSuffix(".yaml") || path.hasSuffix(".yml"))
    }

    private static func slug(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }

    /// Takes a version off: `llm_litellm@2`, `llm_litellm_v2`.
    private static func split(_ name: String) -> (slug: String, version: Int?) {
        if name.utf8.contains(UInt8(ascii: "@")), let at = name.lastIndex(of: "@"),
            let version = Int(name[name.index(after: at)...])
        {
            return (slug(String(name[..<at])), version)
        }
        if name.utf8.contains(UInt8(ascii: "_")), let mark = name.ranges(of: "_v").last,
            let version = Int(name[mark.upperBound...])
        {
            return (slug(String(name[..<mark.lowerBound])), version)
        }
        return (slug(name), nil)
    }
}

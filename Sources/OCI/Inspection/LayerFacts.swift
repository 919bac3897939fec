/// What a layer does to the files of an image, as far as it matters for which programs are in it.
struct LayerFacts: Hashable, Sendable {
    enum Entry: Hashable, Sendable {
        case program(ProgramHead)
        /// A file that is no program, a device, a pipe.
        case file
        case folder
        case symbolicLink(String)
        /// Another name of a file in a layer below.
        case hardLink(String)
    }

    /// By path, without a slash in front.
    var entries: [String: Entry] = [:]
    /// Paths of layers below that are taken away (OCI image specification, `layer.md`, whiteouts).
    var removed: Set<String> = []
    /// Folders whose content in layers below is taken away.
    var emptied: Set<String> = []

    /// Without `.`, `..` and slashes that mean nothing; `nil` for a path that leads out of the image.
    static func normalized(_ path: String) -> String? {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}

extension LayerFacts {
    private static let mark = "pinion layer facts 1"

    /// One line an entry, for a cache.
    var text: String {
        var lines = [Self.mark]
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
            switch entry {
            case .program(.elf(let machine, let loader)):
                lines.append(Self.line(["e", path, String(machine.code), loader ?? ""]))
            case .program(.script(let line)): lines.append(Self.line(["s", path, line]))
            case .file: lines.append(Self.line(["f", path]))
            case .folder: lines.append(Self.line(["d", path]))
            case .symbolicLink(let target): lines.append(Self.line(["l", path, target]))
            case .hardLink(let target): lines.append(Self.line(["h", path, target]))
            }
        }
        lines += removed.sorted().map { Self.line(["w", $0]) } + emptied.sorted().map { Self.line(["o", $0]) }
        return lines.joined(separator: "\n") + "\nend \(lines.count)\n"
    }

    /// Reads what `text` wrote; `nil` for anything else, a part of it included.
    init?(_ text: String) {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        guard lines.popLast()?.isEmpty == true, let end = lines.popLast(),
            String(Substring(end)) == "end \(lines.count)", lines.popFirst().map({ String(Substring($0)) }) == Self.mark
        else { return nil }
        for line in lines {
            let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map(Self.unescaped)
            guard fields.count >= 2 else { return nil }
            switch (fields[0], fields.count) {
            case ("e", 4):
                guard let code = UInt16(fields[2]) else { return nil }
                let machine = ProgramHead.Machine(code: code)
                entries[fields[1]] = .program(.elf(machine, loader: fields[3].isEmpty ? nil : fields[3]))
            case ("s", 3): entries[fields[1]] = .program(.script(fields[2]))
            case ("f", 2): entries[fields[1]] = .file
            case ("d", 2): entries[fields[1]] = .folder
            case ("l", 3): entries[fields[1]] = .symbolicLink(fields[2])
            case ("h", 3): entries[fields[1]] = .hardLink(fields[2])
            case ("w", 2): removed.insert(fields[1])
            case ("o", 2): emptied.insert(fields[1])
            default: return nil
            }
        }
    }

    private static func line(_ fields: [String]) -> String {
        fields.map { field in
            guard field.utf8.contains(where: { [9, 10, 37].contains($0) }) else { return field }
            return field.replacing("%", with: "%25").replacing("\t", with: "%09").replacing("\n", with: "%0A")
        }.joined(separator: "\t")
    }

    private static func unescaped(_ field: Substring.UTF8View) -> String {
        let text = String(Substring(field))
        guard field.contains(UInt8(ascii: "%")) else { return text }
        return text.replacing("%0A", with: "\n").replacing("%09", with: "\t").replacing("%25", with: "%")
    }
}

import DeploymentModel

/// Every entry of a layer with all that makes its bytes: to say what differs between two.
struct LayerListing: TarReader.Visitor {
    /// One entry; `content` is the SHA-256 of a file.
    struct Entry: Hashable {
        let tar: TarEntry
        var content: Digest?
    }

    /// By path, in the order of the archive.
    private(set) var entries: [(path: String, entry: Entry)] = []
    private var hash = ContentHash()

    mutating func begin(_ entry: TarEntry) {
        entries.append((LayerFacts.normalized(entry.path) ?? entry.path, Entry(tar: entry)))
        hash = ContentHash()
    }

    mutating func content(_ bytes: ArraySlice<UInt8>, at offset: Int) { hash.update(Array(bytes)) }

    mutating func end() {
        guard !entries.isEmpty, entries[entries.count - 1].entry.tar.kind == .file else { return }
        entries[entries.count - 1].entry.content = hash.finish()
    }

    /// What is different in another layer, a line for each entry.
    func differences(from other: LayerListing) -> [String] {
        let (mine, theirs) = (index, other.index)
        var lines: [String] = []
        for (path, entry) in entries {
            guard let same = theirs[path] else {
                lines.append("\(path): only in the first")
                continue
            }
            let what = entry.differences(from: same)
            if !what.isEmpty { lines.append("\(path): \(what.joined(separator: ", "))") }
        }
        lines += other.entries.filter { mine[$0.path] == nil }.map { "\($0.path): only in the second" }
        if lines.isEmpty, entries.map(\.path) != other.entries.map(\.path) { lines.append("the order of the entries") }
        return lines.isEmpty ? ["how the layer is compressed or written, nothing of its files"] : lines
    }

    private var index: [String: Entry] {
        Dictionary(entries.map { ($0.path, $0.entry) }) { _, last in last }
    }
}

extension LayerListing.Entry {
    fileprivate func differences(from other: Self) -> [String] {
        var what: [String] = []
        if tar.kind != other.tar.kind { what.append("kind") }
        if content != other.content {
            what.append(tar.size == other.tar.size ? "content" : "content, \(tar.size) and \(other.tar.size) bytes")
        }
        if tar.mode != other.tar.mode {
            what.append("mode \(String(tar.mode, radix: 8)) and \(String(other.tar.mode, radix: 8))")
        }
        if tar.owner != other.tar.owner { what.append("owner \(tar.owner) and \(other.tar.owner)") }
        if tar.time != other.tar.time { what.append("time \(tar.time) and \(other.tar.time)") }
        return what
    }
}

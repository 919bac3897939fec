/// Reads the facts of a layer from its blob as it comes. Nothing of it is written to disk.
struct LayerReader {
    /// How much a layer may be. Past any of it, reading ends with an error.
    struct Limits {
        /// Decompressed bytes.
        var bytes: Int
        var entries = 2_000_000
        /// All names together.
        var nameBytes = 256 << 20

        /// What a layer of this compressed size may hold: files compress to a fifth, rarely to a fiftieth.
        init(compressedSize: Int) {
            bytes = (1 << 30) + 200 * min(compressedSize, 1 << 40)
        }

        init(bytes: Int) { self.bytes = bytes }
    }

    /// Why a layer can't be read, as a clause.
    struct Unreadable: Error, Hashable {
        let reason: String
    }

    private var pass: LayerPass<Collector>

    init(_ limits: Limits) { pass = LayerPass(limits, Collector(limits: limits)) }

    mutating func push(_ bytes: [UInt8]) throws(Unreadable) { try pass.push(bytes) }

    mutating func finish() throws(Unreadable) -> LayerFacts { try pass.finish().facts }

    /// Turns entries into facts.
    struct Collector: TarReader.Visitor {
        let limits: Limits
        var facts = LayerFacts()
        private var path: String?
        private var head = ProgramHeadReader()
        private var names = 0
        private var count = 0

        init(limits: Limits) { self.limits = limits }

        mutating func begin(_ entry: TarEntry) throws {
            path = nil
            head = ProgramHeadReader()
            count += 1
            names += entry.path.utf8.count
            guard count <= limits.entries, names <= limits.nameBytes else {
                throw Unreadable(reason: "it has more than \(limits.entries) entries, or names that are too long")
            }
            guard let path = LayerFacts.normalized(entry.path) else {
                throw Unreadable(reason: "the entry \(entry.path) leads out of the image")
            }
            guard !path.isEmpty else { return }
            if removes(path) { return }
            switch entry.kind {
            case .file:
                self.path = path
                facts.entries[path] = .file
            case .folder: facts.entries[path] = .folder
            case .other: facts.entries[path] = .file
            case .symbolicLink(let target): facts.entries[path] = .symbolicLink(target)
            case .hardLink(let target):
                guard let target = LayerFacts.normalized(target) else {
                    throw Unreadable(reason: "the link \(entry.path) leads out of the image")
                }
                facts.entries[path] = facts.entries[target] ?? .hardLink(target)
            }
        }

        mutating func content(_ bytes: ArraySlice<UInt8>, at offset: Int) { head.content(bytes, at: offset) }

        mutating func end() {
            if let path, let program = head.finish() { facts.entries[path] = .program(program) }
            path = nil
        }

        /// Notes a whiteout.
        private mutating func removes(_ path: String) -> Bool {
            var parts = path.split(separator: "/")
            guard let name = parts.popLast(), name.hasPrefix(".wh.") else { return false }
            let folder = parts.joined(separator: "/")
            if name == ".wh..wh..opq" {
                facts.emptied.insert(folder)
            } else if !name.hasPrefix(".wh..wh.") {
                facts.removed.insert((folder.isEmpty ? "" : folder + "/") + name.dropFirst(4))
            }
            return true
        }
    }
}

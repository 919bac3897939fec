/// The files of an image: its layers, one on top of the other.
struct ImageFiles {
    /// A file as a path leads to it.
    struct Found {
        /// Where it really is, without a slash in front.
        let path: String
        let entry: LayerFacts.Entry
        /// Counts from 0, the lowest.
        let layer: Int
    }

    /// Linux gives up after as many (`MAXSYMLINKS`).
    private static let linkLimit = 40

    private var layers: [LayerFacts] = []

    init(_ layers: [LayerFacts]) {
        for layer in layers { add(layer) }
    }

    /// The file that a path leads to inside of the image, all links followed.
    func find(_ path: String) -> Found? {
        guard let place = place(of: path) else { return nil }
        var found = lookUp(place)
        var links = 0
        while case .hardLink(let target) = found?.entry, links < Self.linkLimit {
            found = lookUp(target, below: found?.layer ?? 0)
            links += 1
        }
        return found
    }

    /// All programs that nothing in a higher layer hides or takes away, sorted by path.
    func programs() -> [(path: String, head: ProgramHead, layer: Int)] {
        var programs: [(path: String, head: ProgramHead, layer: Int)] = []
        for (index, layer) in layers.enumerated() {
            for (path, entry) in layer.entries {
                guard case .program(let head) = entry, lookUp(path)?.layer == index else { continue }
                programs.append((path, head, index))
            }
        }
        return programs.sorted { $0.path < $1.path }
    }

    /// Puts a layer on top. An entry whose folder is a link below goes where the link leads, as it does when it is unpacked.
    private mutating func add(_ layer: LayerFacts) {
        layers.append(layer)
        var folders: [Substring: String] = [:]
        var moved: [(from: String, to: String)] = []
        for path in layer.entries.keys {
            guard let slash = path.lastIndex(of: "/") else { continue }
            let folder = path[..<slash]
            let place = folders[folder] ?? self.place(of: String(folder)) ?? String(folder)
            folders[folder] = place
            if place != folder { moved.append((path, place + path[slash...])) }
        }
        for (from, to) in moved {
            layers[layers.count - 1].entries[to] = layers[layers.count - 1].entries.removeValue(forKey: from)
        }
    }

    /// The path without symbolic links; `nil` when they lead nowhere.
    private func place(of path: String) -> String? {
        var done: [Substring] = []
        var pending = Array(path.split(separator: "/").reversed())
        var links = 0
        while let part = pending.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = done.popLast()
                continue
            }
            done.append(part)
            guard case .symbolicLink(let target) = lookUp(done.joined(separator: "/"))?.entry else { continue }
            links += 1
            guard links <= Self.linkLimit, pending.count < 4096 else { return nil }
            if target.hasPrefix("/") { done = [] } else { done.removeLast() }
            pending += target.split(separator: "/").map { Substring(String($0)) }.reversed()
        }
        return done.joined(separator: "/")
    }

    private func lookUp(_ path: String, below limit: Int = .max) -> Found? {
        for index in layers.indices.prefix(limit).reversed() {
            let layer = layers[index]
            if let entry = layer.entries[path] { return Found(path: path, entry: entry, layer: index) }
            if layer.removed.contains(path) || hides(layer, path) { return nil }
        }
        return nil
    }

    /// Claims that a layer takes away a folder that the path is in, or has something else in its place.
    private func hides(_ layer: LayerFacts, _ path: String) -> Bool {
        if layer.emptied.contains("") { return true }
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            let folder = String(rest)
            if layer.removed.contains(folder) || layer.emptied.contains(folder) { return true }
            switch layer.entries[folder] {
            case .file, .program, .hardLink: return true
            case .folder, .symbolicLink, nil: break
            }
        }
        return false
    }
}

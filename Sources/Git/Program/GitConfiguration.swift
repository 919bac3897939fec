/// What the user's git is configured with: system, user, the checkout with its includes, and the environment.
struct GitConfiguration: Sendable {
    private let entries: [(key: String, value: String)]

    /// - Parameter folder: the checkout whose own configuration counts too; the working directory when `nil`.
    init(of program: GitProgram?, in folder: String?) {
        let output = program?.run(["config", "--null", "--list"], in: folder)
        self.init(output?.status == 0 ? output?.text ?? "" : "")
    }

    /// Reads what `git config --null --list` prints.
    init(_ text: String) {
        entries = text.split(separator: "\0").map { entry in
            let parts = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
        }
    }

    /// The address that `url.<base>.insteadOf` makes of this one; the longest match counts.
    func rewritten(_ address: String) -> String {
        var best: (base: String, length: Int)?
        for (key, value) in entries where !value.isEmpty && address.hasPrefix(value) {
            guard let base = Self.subsection(of: key, "url", "insteadof"), value.utf8.count > best?.length ?? 0 else {
                continue
            }
            best = (base, value.utf8.count)
        }
        guard let best else { return address }
        return best.base + String(decoding: address.utf8.dropFirst(best.length), as: UTF8.self)
    }

    /// The lines of `http.extraHeader` and `http.<url>.extraHeader` for this URL, by git's rules (`git help config`,
    /// `http.<url>.*`): the better match counts, equal ones add up, and an empty one clears what came before.
    func extraHeaders(for remote: RemoteURL) -> [String] {
        var headers: [String] = []
        var best = URLMatch.any
        for (key, value) in entries {
            let match: URLMatch?
            if key == "http.extraheader" {
                match = .any
            } else {
                match = Self.subsection(of: key, "http", "extraheader").flatMap { URLMatch(pattern: $0, of: remote) }
            }
            guard let match, match >= best else { continue }
            best = match
            if value.isEmpty { headers.removeAll() } else { headers.append(value) }
        }
        return headers
    }

    /// The last value of a key, as git takes it.
    subscript(key: String) -> String? { entries.last { $0.key == key }?.value }

    private static func subsection(of key: String, _ section: String, _ name: String) -> String? {
        guard key.hasPrefix(section + "."), key.hasSuffix("." + name) else { return nil }
        let length = key.utf8.count - section.utf8.count - name.utf8.count - 2
        guard length > 0 else { return nil }
        return String(decoding: key.utf8.dropFirst(section.utf8.count + 1).prefix(length), as: UTF8.self)
    }
}

/// How well an `http.<url>.*` key fits a URL: first by host, then by path, then by user.
struct URLMatch: Comparable {
    let host: Int
    let path: Int
    let user: Bool

    static let any = URLMatch(host: 0, path: 0, user: false)

    private init(host: Int, path: Int, user: Bool) {
        self.host = host
        self.path = path
        self.user = user
    }

    /// `nil` when the key is for other URLs. A `*` in the host stands for one label.
    init?(pattern: String, of remote: RemoteURL) {
        guard let wanted = try? RemoteURL(pattern), wanted.scheme == remote.scheme,
            wanted.portOrDefault == remote.portOrDefault, wanted.user == nil || wanted.user == remote.user
        else { return nil }
        let labels = wanted.host.split(separator: ".", omittingEmptySubsequences: false)
        let others = remote.host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == others.count, zip(labels, others).allSatisfy({ $0 == "*" || $0 == $1 }) else {
            return nil
        }
        var folder = wanted.path
        while folder.hasSuffix("/") { folder.removeLast() }
        guard folder.isEmpty || remote.path == folder || remote.path.hasPrefix(folder + "/") else { return nil }
        self.init(host: wanted.host.utf8.count, path: folder.utf8.count, user: wanted.user != nil)
    }

    static func < (one: URLMatch, other: URLMatch) -> Bool {
        (one.host, one.path, one.user ? 1 : 0) < (other.host, other.path, other.user ? 1 : 0)
    }
}

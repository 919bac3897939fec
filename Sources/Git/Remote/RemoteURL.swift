import FoundationEssentials

/// The address of a repository, with its credentials apart so that nothing shows or stores them.
package struct RemoteURL: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Hashable, Sendable { case file, https, http, ssh, git }

    let scheme: Scheme
    let host: String
    let port: Int?
    /// Not decoded; of a file, the absolute path on this host; of ssh's short form, what follows the colon, which
    /// counts from the user's home there unless it begins with a slash.
    let path: String
    let user: String?
    let password: String?

    /// Reads a path, a URL (`file`, `https`, `http`, `ssh`, `git`) or ssh's short form (`git@host:path`).
    ///
    /// - Throws: `GitError` of kind `invalid`, which does not repeat the text: it may hold a password.
    package init(_ text: String) throws(GitError) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw GitError(.invalid, "a repository's address is not empty and holds no control characters")
        }
        if let separator = text.firstRange(of: "://") {
            try self.init(scheme: text[..<separator.lowerBound].lowercased(), text[separator.upperBound...])
        } else if let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") {
            try self.init(scheme: .ssh, authority: text[..<colon], path: String(text[text.index(after: colon)...]))
        } else {
            let base = text.hasPrefix("/") ? "" : FileManager.default.currentDirectoryPath + "/"
            self.init(file: base + text)
        }
    }

    private init(
        scheme: Scheme, host: String, port: Int?, path: String, user: String?, password: String?
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.user = user?.isEmpty == true ? nil : user
        self.password = password
    }

    private init(file path: String) {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.init(scheme: .file, host: "", port: nil, path: path, user: nil, password: nil)
    }

    private init(scheme name: String, _ rest: Substring) throws(GitError) {
        let names = ["git+ssh": "ssh", "ssh+git": "ssh"]
        guard let scheme = Scheme(rawValue: names[name] ?? name) else {
            throw GitError(
                .invalid,
                "'\(name)' is no kind of address that git repositories are fetched from"
                    + " (file, https, http, ssh, git)")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        if scheme == .file {
            self.init(file: try Self.decoded(rest[slash...]))
            return
        }
        try self.init(
            scheme: scheme, authority: rest[..<slash], path: slash == rest.endIndex ? "/" : String(rest[slash...]))
    }

    private init(scheme: Scheme, authority: Substring, path: String) throws(GitError) {
        var authority = authority
        var (user, password): (String?, String?)
        if let at = authority.lastIndex(of: "@") {
            let info = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decoded(info[0])
            if info.count == 2 { password = try Self.decoded(info[1]) }
            authority = authority[authority.index(after: at)...]
        }
        var port: Int?
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            port = Int(digits)
            guard digits.isEmpty || port.map({ (1...65_535).contains($0) }) == true else {
                throw GitError(.invalid, "'\(digits)' is no port")
            }
            authority = authority[..<colon]
        }
        guard !authority.isEmpty else { throw GitError(.invalid, "the repository's address names no host") }
        self.init(
            scheme: scheme, host: authority.lowercased(), port: port, path: path, user: user, password: password)
    }

    private var usualPort: Int? {
        switch scheme {
        case .https: 443
        case .http: 80
        case .ssh: 22
        case .git: 9418
        case .file: nil
        }
    }

    var portOrDefault: Int? { port ?? usualPort }

    var isHTTP: Bool { scheme == .http || scheme == .https }

    /// `host` or `host:port`, as credential helpers know it.
    var authority: String { host + (port.map { ":\($0)" } ?? "") }

    /// The address without credentials; ssh keeps the user, who is part of where it leads.
    package var description: String {
        switch scheme {
        case .file: path
        case .ssh where !path.hasPrefix("/"): "\(user.map { "\($0)@" } ?? "")\(host):\(path)"
        case .ssh: "ssh://\(user.map { "\($0)@" } ?? "")\(authority)\(path)"
        default: "\(scheme.rawValue)://\(authority)\(path)"
        }
    }

    /// One text for one repository, in all usual spellings of its address: `host/acme/a` without scheme, credentials, the
    /// scheme's own port, `.git` and final slashes; of one on this host, its git directory. A user of ssh stays where the
    /// path counts from the home of somebody else than `git`, as whom everybody comes.
    package var place: String {
        guard scheme != .file else { return (try? GitRepository(at: path))?.commonDirectory ?? path }
        var path = path[...]
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix(".git") { path.removeLast(4) }
        while path.hasSuffix("/") { path.removeLast() }
        let isInHome = scheme == .ssh && !path.hasPrefix("/")
        let user = isInHome && user != "git" ? user.map { "\($0)@" } ?? "" : ""
        let port = port.flatMap { $0 == usualPort ? nil : ":\($0)" } ?? ""
        return "\(user)\(host)\(port)\(path.hasPrefix("/") ? "" : "/")\(path)"
    }

    /// The last part of the path without `.git`, in letters that every file system takes.
    var shortName: String {
        let last = path.split(separator: "/").last { $0 != ".git" } ?? "repository"
        let name = last.hasSuffix(".git") ? last.dropLast(4) : last
        let plain = name.utf8.prefix(60).map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): Character(UnicodeScalar(byte))
            default: "-" as Character
            }
        }
        return plain.isEmpty ? "repository" : String(plain)
    }

    private static func decoded(_ text: Substring) throws(GitError) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.count >= 2, let code = UInt8(Substring(rest.prefix(2)), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest.removeFirst(2)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw GitError(.invalid, "a repository's address holds no encoded control characters")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

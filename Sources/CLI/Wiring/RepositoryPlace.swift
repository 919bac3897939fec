import FoundationEssentials
import Git

/// Where a repository is that a command was given: a folder of this host, or an address.
struct RepositoryPlace {
    private enum Place {
        case folder(GitRepository)
        case address(String, checkout: String?)
    }

    private let place: Place
    /// The branch that the checkout is on whose remote this is.
    let branch: String?

    /// - Parameters:
    ///   - text: a path or an address.
    ///   - remote: the name of a remote of the repository at that path, whose address is the place then.
    init(_ text: String, remote: String? = nil) async throws(GitError) {
        let path = Self.path(text)
        guard let path else {
            place = .address(text, checkout: nil)
            branch = nil
            return
        }
        let repository = try GitRepository(at: path)
        guard let remote else {
            place = .folder(repository)
            branch = nil
            return
        }
        place = .address(try await repository.address(ofRemote: remote), checkout: path)
        branch = try await repository.headBranch()
    }

    /// The repository's references; those of an address with an up-to-date copy under `$XDG_CACHE_HOME`.
    func references() async throws(GitError) -> SharedReferences {
        switch place {
        case .folder(let repository): SharedReferences(of: repository)
        case .address(let address, let checkout):
            try await SharedReferences(
                of: address, copiedTo: Self.copies, environment: ProcessInfo.processInfo.environment,
                checkout: checkout)
        }
    }

    /// The remote's address; `nil` for a folder of this host.
    var address: String? {
        if case .address(let address, _) = place { address } else { nil }
    }

    /// The copy of an address as it was fetched last, and when, in seconds since 1970.
    func lastCopy() async throws(GitError) -> (repository: GitRepository, time: Int64)? {
        guard case .address(let address, let checkout) = place else { return nil }
        return try await GitRepository.lastCopy(
            of: address, in: Self.copies, environment: ProcessInfo.processInfo.environment, checkout: checkout)
    }

    /// The text as it may be shown: an address without its password.
    static func shown(_ text: String) -> String {
        if path(text) != nil { return text }
        return (try? RemoteURL(text))?.description ?? "the repository's address"
    }

    /// How a repository of another owner is trusted: by its whole path, which is all that git compares.
    static func trust(_ text: String) -> String {
        let path = path(text) ?? text
        let whole = URL(filePath: path, relativeTo: URL(filePath: FileManager.default.currentDirectoryPath))
            .standardized
        return "If you trust it: git config --global --add safe.directory \(whole.path.shellQuoted)"
    }

    /// The folder that the text means; `nil` when it is an address elsewhere (`https://…`, `git@host:path`).
    static func path(_ text: String) -> String? {
        if text.hasPrefix("file://") { return URL(string: text)?.path ?? String(text.dropFirst("file://".count)) }
        if text.contains("://") { return nil }
        guard let colon = text.firstIndex(of: ":"), !FileManager.default.fileExists(atPath: text),
            !text[..<colon].contains("/")
        else { return text }
        return nil
    }

    /// The folder of the copies.
    private static var copies: String {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return (caches ?? (environment["HOME"] ?? "/tmp") + "/.cache") + "/pinion/repositories"
    }
}

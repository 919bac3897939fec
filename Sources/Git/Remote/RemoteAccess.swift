import FoundationEssentials

/// How a remote is reached: its address after the user's rewriting, and what the user's git knows to get in.
struct RemoteAccess: Sendable {
    let remote: RemoteURL
    /// Whole header lines, which may be secrets.
    let headers: [String]
    let program: GitProgram?
    /// Where the program runs, so that a checkout's own helpers count.
    let folder: String?
    let home: String?
    /// Whether an ssh agent is there to be asked; libgit2 gives up for good when it asks one that is not.
    let hasAgent: Bool
    /// The file with the certificate authorities to trust instead of the system's.
    let authorities: String?

    init(to address: String, environment: [String: String], checkout: String?) throws(GitError) {
        program = GitProgram(environment: environment)
        let configuration = GitConfiguration(of: program, in: checkout)
        remote = try RemoteURL(configuration.rewritten(address))
        headers = remote.isHTTP ? configuration.extraHeaders(for: remote) : []
        folder = checkout
        home = environment["HOME"]
        hasAgent = environment["SSH_AUTH_SOCK"].map { FileManager.default.fileExists(atPath: $0) } ?? false
        authorities =
            environment["GIT_SSL_CAINFO"] ?? configuration["http.sslcainfo"] ?? environment["SSL_CERT_FILE"]
    }
}

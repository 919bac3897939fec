/// How a remote is reached: its address after the user's rewriting, and what the user's git knows to get in.
struct RemoteAccess: Sendable {
    let remote: RemoteURL
    /// Whole header lines, which may be secrets.
    let headers: [String]
    let program: GitProgram?
    /// Where the program runs, so that a checkout's own helpers count.
    let folder: String?
    let home: String?
    /// The file with the certificate authorities to trust instead of the system's.
    let authorities: String?

    init(to address: String, environment: [String: String], checkout: String?) throws(GitError) {
        program = GitProgram(environment: environment)
        let configuration = GitConfiguration(of: program, in: checkout)
        remote = try RemoteURL(configuration.rewritten(address))
        headers = remote.isHTTP ? configuration.extraHeaders(for: remote) : []
        folder = checkout
        home = environment["HOME"]
        authorities =
            environment["GIT_SSL_CAINFO"] ?? configuration["http.sslcainfo"] ?? environment["SSL_CERT_FILE"]
    }
}

/// One request, as a value.
package struct HTTPRequest: Sendable {
    /// What is sent.
    package enum Body: Sendable, Equatable {
        case none
        case bytes([UInt8])
        /// `length` bytes of a regular file from `offset` on. The descriptor is duplicated when the request is sent, and
        /// the file's position is neither used nor moved; the caller keeps and closes its own.
        case file(descriptor: Int32, offset: Int64 = 0, length: Int64)
    }

    /// Headers that are not sent on when a redirect leads to another origin.
    package static let credentialHeaders = ["Authorization", "Cookie", "Proxy-Authorization", "X-Registry-Auth"]

    package var method: HTTPMethod
    /// Absolute, `http` or `https`.
    package var url: String
    package var headers: HTTPHeaders
    package var body: Body
    /// Path of a unix socket to connect to in place of the URL's host.
    package var unixSocket: String?
    package var deadlines: HTTPDeadlines
    /// How many redirects are followed; 0 returns the redirect itself.
    package var redirectLimit: Int
    /// Names of further headers that stay with the origin that they were meant for, as `credentialHeaders` do.
    package var secretHeaders: [String] = []

    package init(
        _ method: HTTPMethod = .get, _ url: String, headers: HTTPHeaders = [:], body: Body = .none,
        unixSocket: String? = nil, deadlines: HTTPDeadlines = HTTPDeadlines(), redirectLimit: Int = 0
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.unixSocket = unixSocket
        self.deadlines = deadlines
        self.redirectLimit = redirectLimit
    }
}

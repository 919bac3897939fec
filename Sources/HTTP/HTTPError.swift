/// What went wrong with one exchange. An answer with an error status is no `HTTPError`: it is an answer.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes; what a caller does next depends on this alone.
    package enum Kind: Sendable, Equatable {
        /// The request itself is wrong (URL, header); sending it again can't help.
        case invalidRequest
        /// The host name has no address.
        case resolve
        /// Nobody accepts connections there: nothing was sent.
        case connect
        /// The TLS handshake or the certificate check failed.
        case tls
        /// A deadline of the request passed.
        case timeout(HTTPDeadlines.Stage)
        /// The connection ended before the answer began.
        case connectionLost
        /// The connection ended inside the answer's body.
        case truncated
        /// More bytes than the caller was willing to take.
        case tooLarge
        /// Too many redirects, one without a target, or one that leaves https.
        case redirect
        /// The peer speaks something that is not HTTP.
        case `protocol`
        /// The body of the request could not be read.
        case source
        /// The task was cancelled.
        case cancelled
    }

    package let kind: Kind
    /// One sentence, without credentials, about what failed.
    package let message: String
    /// Where: the URL without user information, query and fragment, all of which may carry secrets.
    package let url: String

    package init(_ kind: Kind, _ message: String, url: String) {
        self.kind = kind
        self.message = message
        self.url = url
    }

    package var description: String { "\(message) (\(url))" }

    /// Whether the request certainly never reached the server's application.
    package var happenedBeforeSending: Bool {
        switch kind {
        case .resolve, .connect, .timeout(.connect): true
        default: false
        }
    }

    /// Whether the same request may succeed a moment later.
    package var isTransient: Bool {
        switch kind {
        case .resolve, .connect, .timeout, .connectionLost, .truncated: true
        case .invalidRequest, .tls, .tooLarge, .redirect, .protocol, .source, .cancelled: false
        }
    }
}

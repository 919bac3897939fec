extension HTTPResponse {
    /// Where a redirect leads, if the answer is one that a client may follow by itself (RFC 9110, 15.4).
    var redirectTarget: String? {
        switch status {
        case 301, 302, 303, 307, 308: headers["Location"]
        default: nil
        }
    }
}

extension HTTPRequest {
    /// The request that follows a redirect: 303, and 301 and 302 after POST, turn into GET without a body; credentials
    /// stay with the origin that they were meant for.
    ///
    /// - Throws: `.redirect` when the way leads from https to http, or out of a unix socket.
    func redirected(from source: HTTPURL, to target: HTTPURL, status: Int) throws(HTTPError) -> HTTPRequest {
        var next = self
        next.url = target.string
        if status == 303 ? method != .head : (status == 301 || status == 302) && method == .post {
            next.method = .get
            next.body = .none
            next.headers = headers.removing(["Content-Type", "Content-Length", "Content-Encoding"])
        }
        guard target.origin != source.origin else { return next }
        if source.origin.scheme == "https", target.origin.scheme == "http" {
            throw HTTPError(.redirect, "a redirect leads from https to http", url: source.redacted)
        }
        if unixSocket != nil {
            throw HTTPError(.redirect, "a redirect leads out of the unix socket", url: source.redacted)
        }
        next.headers = next.headers.removing(Self.credentialHeaders + secretHeaders)
        return next
    }
}

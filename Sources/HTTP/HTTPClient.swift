#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Sends requests over libcurl: HTTP/1.1 with keep-alive, HTTP/2 over TLS, unix sockets, proxies of the environment
/// (`http_proxy`, `https_proxy`, `no_proxy`; never for loopback hosts).
///
/// All transfers of a client share one thread and one pool of connections. Nothing is started before the first request.
package final class HTTPClient: Sendable {
    /// What all requests of a client have in common.
    package struct Configuration: Sendable, Equatable {
        package var userAgent: String
        /// PEM file of certificate authorities in place of the system's.
        package var certificateFile: String?
        /// Hashed folder of certificate authorities in place of the system's.
        package var certificateFolder: String?

        /// PEM files with which the client shows who it is.
        package var identity: Identity?

        /// A client certificate and its key.
        package struct Identity: Sendable, Equatable {
            package var certificateFile: String
            package var keyFile: String

            package init(certificateFile: String, keyFile: String) {
                self.certificateFile = certificateFile
                self.keyFile = keyFile
            }
        }

        package init(
            userAgent: String = "pinion", certificateFile: String? = nil, certificateFolder: String? = nil,
            identity: Identity? = nil
        ) {
            self.userAgent = userAgent
            self.certificateFile = certificateFile
            self.certificateFolder = certificateFolder
            self.identity = identity
        }

        /// Takes `CURL_CA_BUNDLE`, `SSL_CERT_FILE` and `SSL_CERT_DIR` as the curl program does; libcurl itself doesn't.
        package init(environment: (String) -> String?) {
            func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
            self.init(
                certificateFile: value("CURL_CA_BUNDLE") ?? value("SSL_CERT_FILE"),
                certificateFolder: value("SSL_CERT_DIR"))
        }
    }

    /// The client of the process, configured by its environment.
    package static let shared = HTTPClient(
        Configuration(environment: { name in unsafe getenv(name).map { unsafe String(cString: $0) } }))

    let configuration: Configuration
    private let loop: TransferLoop

    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        loop = TransferLoop(configuration: configuration)
    }

    deinit {
        loop.submit(.stop)
    }

    /// Sends a request and returns with the head of its answer; any status is an answer. Cancelling the task ends the
    /// transfer within milliseconds.
    ///
    /// - Throws: why there was no answer.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        var request = request
        var url = try HTTPURL(request.url)
        var remaining = request.redirectLimit
        while true {
            let response = try await exchange(request, url)
            guard request.redirectLimit > 0, let location = response.redirectTarget else { return response }
            guard remaining > 0 else {
                throw HTTPError(.redirect, "more than \(request.redirectLimit) redirects", url: url.redacted)
            }
            remaining -= 1
            await response.discard()
            let target = try url.resolving(location)
            request = try request.redirected(from: url, to: target, status: response.status)
            url = target
        }
    }

    private func exchange(_ request: HTTPRequest, _ url: HTTPURL) async throws(HTTPError) -> HTTPResponse {
        if let field = request.headers.firstMalformed {
            throw HTTPError(
                .invalidRequest, "the header \(field.name.debugDescription) is malformed", url: url.redacted)
        }
        let exchange = Exchange(request, url: url, loop: loop)
        // Before the first suspension: whoever gives up from here on also ends the transfer.
        let reader = HTTPResponseBody.Reader(exchange)
        let head = try await exchange.head()
        return HTTPResponse(
            status: head.status, headers: head.headers, url: url,
            body: HTTPResponseBody(reader: reader, mayHaveBytes: request.method != .head))
    }
}

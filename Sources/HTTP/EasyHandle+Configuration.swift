import CCurl

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension EasyHandle {
    /// Sets everything that a request says.
    mutating func configure(
        for request: HTTPRequest, url: HTTPURL, uploadLength: Int64, _ configuration: HTTPClient.Configuration
    ) {
        configureConnection(to: url, within: request.deadlines.connect, configuration)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Over TLS many may share one connection (HTTP/2). Plain HTTP never does, and to wait until the first connection has
        // shown it would cost all the others two round trips.
        if url.origin.scheme == "https" { set(CURLOPT_PIPEWAIT, 1) }
        set(CURLOPT_BUFFERSIZE, 64 * 1024)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 256 * 1024)
        if let socket = request.unixSocket {
            set(CURLOPT_UNIX_SOCKET_PATH, socket)
            set(CURLOPT_PROXY, "")
        }
        configureMethod(request, uploadLength)
    }

    /// Sets what is needed to connect and leave the rest to the caller; TLS agrees on HTTP/1.1.
    func configure(forTunnelTo url: HTTPURL, within limit: Duration?, _ configuration: HTTPClient.Configuration) {
        configureConnection(to: url, within: limit, configuration)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_HTTPPROXYTUNNEL, 1)
        set(CURLOPT_CONNECT_ONLY, 1)
    }

    private func configureConnection(
        to url: HTTPURL, within limit: Duration?, _ configuration: HTTPClient.Configuration
    ) {
        set(CURLOPT_NOSIGNAL, 1)
        unsafe ccurl_allow_http_only(pointer)
        unsafe ccurl_close_sockets_on_exec(pointer)
        unsafe ccurl_set_quick_exit(pointer)
        set(CURLOPT_URL, url.string)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_USERAGENT, configuration.userAgent)
        if let limit { set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(limit / .milliseconds(1)))) }
        // As Go programs do, and unlike libcurl: what is on this machine is never asked for through a proxy.
        if url.origin.isLoopback { set(CURLOPT_PROXY, "") }
        if let file = configuration.certificateFile { set(CURLOPT_CAINFO, file) }
        if let folder = configuration.certificateFolder { set(CURLOPT_CAPATH, folder) }
        if let identity = configuration.identity {
            set(CURLOPT_SSLCERT, identity.certificateFile)
            set(CURLOPT_SSLKEY, identity.keyFile)
        }
    }

    private mutating func configureMethod(_ request: HTTPRequest, _ uploadLength: Int64) {
        // No `Expect: 100-continue`: it costs a second with servers that don't answer it.
        var lines = ["Expect:"]
        if request.body != .none || request.method.announcesEmptyBody {
            set(CURLOPT_UPLOAD, 1)
            setUploadLength(uploadLength)
        } else if request.method == .head {
            set(CURLOPT_NOBODY, 1)
        }
        if request.method != .head { set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        lines += request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        setHeaders(lines)
    }
}

extension HTTPError.Kind {
    /// The cause behind libcurl's code.
    init(_ code: CURLcode, afterHead: Bool) {
        switch code {
        case CURLE_URL_MALFORMAT: self = .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolve
        case CURLE_COULDNT_CONNECT: self = .connect
        // Only connecting has a timer of libcurl's; the other deadlines are the loop's own.
        case CURLE_OPERATION_TIMEDOUT: self = .timeout(.connect)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED:
            self = .tls
        case CURLE_PARTIAL_FILE: self = .truncated
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            self = afterHead ? .truncated : .connectionLost
        case CURLE_ABORTED_BY_CALLBACK: self = .source
        case CURLE_WRITE_ERROR: self = .cancelled
        default: self = .protocol
        }
    }
}

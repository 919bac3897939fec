#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension HTTPClient {
    /// Connects as a request to this URL would, proxy and TLS included, and leaves the connection to the caller, for
    /// another protocol than HTTP/1.1 to be spoken. Cancelling the task ends the attempt within milliseconds.
    ///
    /// - Parameter limit: for name look-up, proxy, TCP and TLS together.
    /// - Returns: a stream socket, which the caller owns: what is written to it is sent to the host, decrypted bytes of
    ///   the host are read from it, and closing it closes the connection.
    /// - Throws: why there is no connection.
    package func openTunnel(to url: HTTPURL, within limit: Duration) async throws(HTTPError) -> Int32 {
        try await Tunnel(to: url, within: limit, configuration).open()
    }

    /// Claims that the environment may want a proxy on the way there; whether it does is for libcurl to say, which knows
    /// the exceptions.
    package static func mayTakeProxy(to origin: HTTPURL.Origin) -> Bool {
        guard !origin.isLoopback else { return false }
        // libcurl leaves HTTP_PROXY alone: a CGI program gets it from its client.
        let names = origin.scheme == "https" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        return (names + ["all_proxy", "ALL_PROXY"]).contains { name in
            unsafe getenv(name).map { unsafe $0.pointee != 0 } ?? false
        }
    }
}

import CCurl

/// An absolute http(s) URL, read by the parser that also connects, so that what is checked is what is dialled.
package struct HTTPURL: Sendable, Equatable {
    /// Scheme, host and port: what credentials are bound to (RFC 6454).
    package struct Origin: Sendable, Hashable {
        package let scheme: String
        package let host: String
        package let port: Int

        /// Whether the host can only be this machine: `localhost`, 127.0.0.0/8 or ::1.
        package var isLoopback: Bool {
            let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
            if name == "localhost" || name == "::1" { return true }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        }
    }

    /// The URL as it is sent, without fragment.
    package let string: String
    package let origin: Origin
    package let path: String
    /// Whether it carries a user name or a password.
    package let hasUserInformation: Bool

    /// - Throws: `.invalidRequest` for anything but an absolute http or https URL.
    package init(_ string: String) throws(HTTPError) {
        try self.init(string, relativeTo: nil)
    }

    /// The target of a reference (a `Location`, a `Link`) that was found at this URL (RFC 3986, section 5).
    ///
    /// - Throws: `.invalidRequest` for anything but http and https.
    package func resolving(_ reference: String) throws(HTTPError) -> HTTPURL {
        try HTTPURL(reference, relativeTo: self.string)
    }

    /// The URL fit for messages: user information, query and fragment may be secrets and are left out.
    package var redacted: String {
        Self.text(origin: origin, path: path)
    }

    private init(_ string: String, relativeTo base: String?) throws(HTTPError) {
        guard !string.utf8.contains(0), let handle = unsafe curl_url() else {
            throw HTTPError(.invalidRequest, "the URL is not valid", url: "")
        }
        defer { unsafe curl_url_cleanup(handle) }
        if let base, unsafe curl_url_set(handle, CURLUPART_URL, base, 0) != CURLUE_OK {
            throw HTTPError(.invalidRequest, "the base URL is not valid", url: "")
        }
        guard unsafe curl_url_set(handle, CURLUPART_URL, string, 0) == CURLUE_OK,
            unsafe curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK,
            let scheme = unsafe Self.part(CURLUPART_SCHEME, of: handle), scheme == "http" || scheme == "https",
            let host = unsafe Self.part(CURLUPART_HOST, of: handle),
            let port = unsafe Self.part(CURLUPART_PORT, of: handle).flatMap({ Int($0) }),
            let whole = unsafe Self.part(CURLUPART_URL, of: handle)
        else {
            throw HTTPError(.invalidRequest, "the URL is not an absolute http or https URL", url: "")
        }
        self.string = whole
        origin = Origin(scheme: scheme, host: host.lowercased(), port: port)
        path = unsafe Self.part(CURLUPART_PATH, of: handle) ?? "/"
        hasUserInformation = unsafe Self.part(CURLUPART_USER, of: handle) != nil
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        let flags = part == CURLUPART_PORT ? UInt32(CURLU_DEFAULT_PORT) : 0
        guard unsafe curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    private static func text(origin: Origin, path: String) -> String {
        let standard = origin.scheme == "https" ? 443 : 80
        return "\(origin.scheme)://\(origin.host)\(origin.port == standard ? "" : ":\(origin.port)")\(path)"
    }
}

/// The address of an image: an OCI registry, a repository in it, and a tag, a digest or both.
///
/// The grammar is that of the distribution project (`docker.io` is left out, `library/` of its official images too).
/// Only `repository@sha256:…` is a pin.
package struct ImageReference: Hashable, Sendable {
    /// Host and port of the OCI registry: `ghcr.io`, `127.0.0.1:5000`, `docker.io`.
    package let registry: String
    /// The path in that registry: `acme/llm-litellm`.
    package let path: String
    package let tag: String?
    package let digest: Digest?

    package init(registry: String, path: String, tag: String? = nil, digest: Digest? = nil) {
        self.registry = registry
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// - Throws: `GrammarError` that names the broken rule.
    package init(_ text: String) throws(GrammarError) {
        func refuse(_ rule: String) -> GrammarError {
            GrammarError(expected: "image reference", text: text, rule: rule)
        }
        // By bytes: all that has a meaning here is ASCII, and thousands are read at a time.
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) {
            digest = try Digest(String(rest[rest.utf8.index(after: at)...]))
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.utf8.lastIndex(of: UInt8(ascii: ":")), !rest[colon...].utf8.contains(UInt8(ascii: "/")) {
            let name = rest[rest.utf8.index(after: colon)...]
            guard Self.isTag(name) else {
                throw refuse("a tag is up to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'")
            }
            tag = String(name)
            rest = rest[..<colon]
        }
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/"))
        let first = rest[..<(slash ?? rest.endIndex)]
        guard !first.isEmpty else { throw refuse("it names a repository") }
        if let slash,
            first == "localhost" || first.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") })
        {
            guard Self.isHost(first) else { throw refuse("'\(first)' is no host with an optional port") }
            registry = String(first)
            path = String(rest[rest.utf8.index(after: slash)...])
        } else {
            registry = "docker.io"
            path = slash == nil ? "library/\(first)" : String(rest)
        }
        guard
            path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy(Self.isComponent)
        else {
            throw refuse("each part of the path is lower-case letters and digits, separated by '.', '_', '__' or '-'")
        }
        self.tag = tag
        self.digest = digest
    }

    /// Registry and path without tag and digest: `ghcr.io/acme/llm-litellm`.
    package var repository: String { "\(registry)/\(path)" }

    /// This repository at another digest, without a tag.
    package func pinned(to digest: Digest) -> ImageReference {
        ImageReference(registry: registry, path: path, digest: digest)
    }

    /// This repository at a tag, without a digest.
    package func tagged(_ tag: String) -> ImageReference { ImageReference(registry: registry, path: path, tag: tag) }

    /// Claims that the OCI registry is on this host's loopback, where plain HTTP is right.
    package var isLoopback: Bool {
        let host = registry.hasPrefix("[") ? registry.prefix { $0 != "]" }.dropFirst() : registry.prefix { $0 != ":" }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1" || (octets.count == 4 && octets[0] == 127 && !octets.contains(nil))
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, isAlphanumeric(first) || first == UInt8(ascii: "_")
        else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func isHost(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { isAlphanumeric($0) || ".-:[]".utf8.contains($0) }
    }

    private static func isComponent(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, let last = text.last, isLowerOrDigit(first), isLowerOrDigit(last)
        else { return false }
        return text.allSatisfy { isLowerOrDigit($0) || "._-".utf8.contains($0) }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

extension ImageReference: TextCodable {
    package var description: String {
        repository + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}

/// Where the host of a repository shows what one branch adds to another, and offers to merge it.
package struct CompareAddress: Hashable, Sendable {
    package let text: String

    /// - Parameters:
    ///   - remote: the repository's address, as git takes it.
    ///   - base: the branch that is to get what the other one adds.
    ///   - branch: the other one.
    /// - Returns: `nil` when it is not known how the host writes such addresses.
    package init?(ofRepository remote: String, from base: String, to branch: String) {
        guard let place = Place(remote) else { return nil }
        let (base, branch) = (Self.encoded(base), Self.encoded(branch))
        let names = place.host.prefix { $0 != ":" }.split(separator: ".")
        if names.contains("github") {
            text = "\(place.text)/compare/\(base)...\(branch)"
        } else if names.contains("gitlab") {
            text = "\(place.text)/-/compare/\(base)...\(branch)"
        } else if place.host == "bitbucket.org" {
            // Bitbucket's own separator, a carriage return, with the source first.
            text = "\(place.text)/branches/compare/\(branch)%0D\(base)"
        } else {
            return nil
        }
    }

    /// A repository's page: git's address of it without user, `.git` and ssh's port.
    private struct Place {
        let host: String
        let text: String

        init?(_ remote: String) {
            let parts: [Substring]
            var scheme = "https"
            if let separator = remote.firstRange(of: "://") {
                let name = remote[..<separator.lowerBound]
                guard ["https", "http", "ssh"].contains(name) else { return nil }
                if name == "http" { scheme = "http" }
                parts = remote[separator.upperBound...].split(separator: "/", maxSplits: 1)
                guard parts.count == 2 else { return nil }
                let authority = parts[0].split(separator: "@").last ?? ""
                host = String(name == "ssh" ? authority.prefix { $0 != ":" } : authority).lowercased()
            } else {
                parts = remote.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, !parts[0].contains("/") else { return nil }
                host = String(parts[0].split(separator: "@").last ?? "").lowercased()
            }
            var path = parts[1].split(separator: "/").map(String.init)
            guard path.count > 1, let last = path.last else { return nil }
            if last.hasSuffix(".git") { path[path.count - 1] = String(last.dropLast(4)) }
            text = "\(scheme)://\(host)/\(path.joined(separator: "/"))"
        }
    }

    /// Everything but the letters that stand for themselves in a path (RFC 3986, 2.3) and the slash.
    private static func encoded(_ branch: String) -> String {
        branch.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                String(UnicodeScalar(byte))
            default: "%" + String(UInt16(byte) + 0x100, radix: 16, uppercase: true).dropFirst()
            }
        }.joined()
    }
}

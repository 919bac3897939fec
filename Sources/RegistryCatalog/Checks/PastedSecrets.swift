import DeploymentModel
import YAML

/// Finds values of secrets that someone pasted into a spec. What is found is never shown.
enum PastedSecrets {
    static func look(into node: YAMLNode, under name: String = "", _ findings: inout Findings) {
        switch node.content {
        case .scalar(let scalar):
            guard let what = verdict(scalar.text, under: name) else { return }
            findings.addHidden(
                .error, .missingSecret, "\(what) stands in the spec itself", at: node,
                fix: "revoke it, take it out of git's history, and name the secret under 'secrets' instead")
        case .sequence(let items):
            for item in items { look(into: item, under: name, &findings) }
        case .mapping(let pairs):
            for pair in pairs { look(into: pair.value, under: pair.key.scalar?.text ?? "", &findings) }
        }
    }

    private struct Shape {
        let prefix: [UInt8]
        let length: Int
        let what: String

        init(_ prefix: String, _ length: Int, _ what: String) {
            self.prefix = Array(prefix.utf8)
            self.length = length
            self.what = what
        }
    }

    private static let shapes = [
        Shape("sk-", 24, "an API key"), Shape("sk_live_", 20, "an API key"), Shape("ghp_", 36, "a GitHub token"),
        Shape("gho_", 36, "a GitHub token"), Shape("ghs_", 36, "a GitHub token"),
        Shape("github_pat_", 40, "a GitHub token"), Shape("glpat-", 20, "a GitLab token"),
        Shape("AKIA", 20, "an AWS access key"), Shape("ASIA", 20, "an AWS access key"),
        Shape("AIza", 39, "a Google API key"), Shape("xoxb-", 24, "a Slack token"),
        Shape("xoxp-", 24, "a Slack token"), Shape("hf_", 30, "a Hugging Face token"),
        Shape("npm_", 36, "an npm token"), Shape("as-", 24, "a Modal token"), Shape("eyJ", 60, "a signed token"),
    ]

    /// What the text is, if it is a secret's value.
    private static func verdict(_ text: String, under name: String) -> String? {
        // Every scalar of a registry comes by here, and most are shorter than any secret.
        let length = text.utf8.count
        guard length >= 20, hasRun(of: 20, in: text) || text.utf8.contains(UInt8(ascii: "-")) else { return nil }
        let bytes = Array(text.utf8)
        if holds("-----BEGIN ", bytes), holds("PRIVATE KEY-----", bytes) { return "a private key" }
        for word in bytes.split(whereSeparator: { !isTokenByte($0) }) where (20...4096).contains(word.count) {
            if let shape = shapes.first(where: { word.count >= $0.length && word.starts(with: $0.prefix) }),
                entropy(word) > 3
            {
                return shape.what
            }
        }
        guard length <= 4096, bytes.allSatisfy(isTokenByte) else { return nil }
        // A name that says so, and a value that nobody types.
        let lower = name.lowercased()
        let isTelling = ["secret", "token", "password", "passwd", "apikey", "api_key", "credential"].contains {
            lower.contains($0)
        }
        return isTelling && entropy(bytes[...]) > 3.5 ? "what looks like a secret's value" : nil
    }

    private static func holds(_ pattern: String, _ bytes: [UInt8]) -> Bool {
        let pattern = Array(pattern.utf8)
        guard bytes.count >= pattern.count else { return false }
        return bytes.indices.dropLast(pattern.count - 1).contains {
            bytes[$0] == pattern[0] && bytes[$0...].starts(with: pattern)
        }
    }

    /// Claims that so many bytes of tokens stand side by side.
    private static func hasRun(of length: Int, in text: String) -> Bool {
        var run = 0
        for byte in text.utf8 {
            run = isTokenByte(byte) ? run + 1 : 0
            if run == length { return true }
        }
        return false
    }

    private static let tokenBytes: [Bool] = (0...255).map { (byte: UInt8) in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_+/=.".utf8.contains(byte)
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool { tokenBytes[Int(byte)] }

    /// Shannon's, in bits a byte. Twice the logarithm is taken of small whole numbers only, so a table does.
    private static func entropy(_ bytes: ArraySlice<UInt8>) -> Double {
        var counts = [Int](repeating: 0, count: 256)
        for byte in bytes { counts[Int(byte)] += 1 }
        let total = bytes.count
        return counts.lazy.filter { $0 > 0 }.reduce(0) { $0 - Double($1) / Double(total) * (log2($1) - log2(total)) }
    }

    /// The binary logarithm to four digits, without the C library's mathematics.
    private static func log2(_ number: Int) -> Double {
        var (mantissa, result) = (Double(number), 0.0)
        while mantissa >= 2 { (mantissa, result) = (mantissa / 2, result + 1) }
        var bit = 0.5
        for _ in 0..<14 {
            mantissa *= mantissa
            if mantissa >= 2 { (mantissa, result) = (mantissa / 2, result + bit) }
            bit /= 2
        }
        return result
    }
}

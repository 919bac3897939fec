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

    private static let shapes: [(prefix: String, length: Int, what: String)] = [
        ("sk-", 24, "an API key"), ("sk_live_", 20, "an API key"), ("ghp_", 36, "a GitHub token"),
        ("gho_", 36, "a GitHub token"), ("ghs_", 36, "a GitHub token"), ("github_pat_", 40, "a GitHub token"),
        ("glpat-", 20, "a GitLab token"), ("AKIA", 20, "an AWS access key"), ("ASIA", 20, "an AWS access key"),
        ("AIza", 39, "a Google API key"), ("xoxb-", 24, "a Slack token"), ("xoxp-", 24, "a Slack token"),
        ("hf_", 30, "a Hugging Face token"), ("npm_", 36, "an npm token"), ("as-", 24, "a Modal token"),
        ("eyJ", 60, "a signed token"),
    ]

    /// What the text is, if it is a secret's value.
    private static func verdict(_ text: String, under name: String) -> String? {
        if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") { return "a private key" }
        for word in text.utf8.split(whereSeparator: { !isTokenByte($0) }) where (20...4096).contains(word.count) {
            let word = String(Substring(word))
            if let shape = shapes.first(where: { word.hasPrefix($0.prefix) && word.utf8.count >= $0.length }),
                entropy(word) > 3
            {
                return shape.what
            }
        }
        guard (20...4096).contains(text.utf8.count), text.utf8.allSatisfy(isTokenByte) else { return nil }
        // A name that says so, and a value that nobody types.
        let lower = name.lowercased()
        let isTelling = ["secret", "token", "password", "passwd", "apikey", "api_key", "credential"].contains {
            lower.contains($0)
        }
        return isTelling && entropy(text) > 3.5 ? "what looks like a secret's value" : nil
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_+/=.".utf8.contains(byte)
        }
    }

    /// Shannon's, in bits a byte. Twice the logarithm is taken of small whole numbers only, so a table does.
    private static func entropy(_ text: String) -> Double {
        var counts: [UInt8: Int] = [:]
        for byte in text.utf8 { counts[byte, default: 0] += 1 }
        let total = text.utf8.count
        return counts.values.reduce(0) { $0 - Double($1) / Double(total) * (log2($1) - log2(total)) }
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

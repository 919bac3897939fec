import Subprocess
import SystemPackage

/// What the driver's process is started with, read from the variables of this process.
struct DriverSettings: Sendable {
    /// The version of the SDK that the driver works with, which is that of `operations.py`.
    static let sdkVersion = "1.6.4"

    /// Path or name of the Python.
    let python: String
    /// Whether `PINION_PYTHON` names it.
    let isPythonNamed: Bool
    /// Below it the driver's files are laid out.
    let cacheFolder: String
    /// All variables that the driver gets.
    let environment: [String: String]
    /// Where the user's own Python for the driver belongs.
    private let venv: String
    /// What an error may repeat and nobody may read: the secret of the token and the keys of endpoints, as variables or
    /// the SDK's own file have them, and the passwords of proxies.
    let secrets: [String]

    /// - Parameters:
    ///   - read: gives the text of a file, `nil` where it can't be read.
    ///   - exists: tells whether a file is there.
    init(
        _ variables: [String: String], read: (String) -> String? = { _ in nil }, exists: (String) -> Bool
    ) {
        func folder(_ name: String, _ standard: String) -> String {
            variables[name].flatMap { $0.isEmpty ? nil : $0 } ?? "\(variables["HOME"] ?? "")/\(standard)"
        }
        venv = folder("XDG_DATA_HOME", ".local/share") + "/pinion/modal"
        cacheFolder = folder("XDG_CACHE_HOME", ".cache") + "/pinion/modal"
        let named = variables["PINION_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
        isPythonNamed = named != nil
        python = named ?? (exists("\(venv)/bin/python3") ? "\(venv)/bin/python3" : "python3")
        let environment = variables.filter { Self.isPassed($0.key) }
        self.environment = environment
        let file = variables["MODAL_CONFIG_PATH"] ?? "\(variables["HOME"] ?? "")/.modal.toml"
        secrets =
            ["MODAL_TOKEN_SECRET", "MODAL_PROXY_KEY", "MODAL_PROXY_SECRET"].compactMap { environment[$0] }
            + Self.tokenSecrets(in: read(file) ?? "")
            + environment.filter { $0.key.lowercased().hasSuffix("_proxy") }.values.compactMap(Self.password)
    }

    /// The secrets of all profiles of the SDK's file: lines like `token_secret = "as-…"`.
    private static func tokenSecrets(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == "token_secret" else { return nil }
            let value = parts[1].split { $0 == "\"" || $0 == "'" || $0.isWhitespace }.first
            return value.map(String.init)
        }
    }

    /// The password of `http://user:password@host:port`.
    private static func password(in address: String) -> String? {
        let rest = address.split(separator: "://").last ?? ""
        guard let at = rest.lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") else { return nil }
        return String(rest[rest.index(after: colon)..<at])
    }

    /// What makes a Python with the right SDK, in one command.
    var remedy: String {
        if isPythonNamed { return "Install it: \(python) -m pip install modal==\(Self.sdkVersion)" }
        return
            "Install it for Pinion alone: python3 -m venv \(venv) && \(venv)/bin/pip install modal==\(Self.sdkVersion)"
    }

    /// The variables that Modal's SDK, Python's TLS and a proxy need. No other is passed: it may be a secret.
    private static let passed: Set = [
        "PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    ]

    private static func isPassed(_ name: String) -> Bool {
        passed.contains(name) || ["LC_", "XDG_", "MODAL_"].contains { name.hasPrefix($0) }
    }

    var executable: Executable { python.contains("/") ? .path(FilePath(python)) : .name(python) }

    var childEnvironment: Environment {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        return .custom(variables)
    }
}

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

    /// - Parameter exists: tells whether a file is there.
    init(_ variables: [String: String], exists: (String) -> Bool) {
        func folder(_ name: String, _ standard: String) -> String {
            variables[name].flatMap { $0.isEmpty ? nil : $0 } ?? "\(variables["HOME"] ?? "")/\(standard)"
        }
        venv = folder("XDG_DATA_HOME", ".local/share") + "/pinion/modal"
        cacheFolder = folder("XDG_CACHE_HOME", ".cache") + "/pinion/modal"
        let named = variables["PINION_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
        isPythonNamed = named != nil
        python = named ?? (exists("\(venv)/bin/python3") ? "\(venv)/bin/python3" : "python3")
        environment = variables.filter { Self.isPassed($0.key) }
    }

    /// What makes a Python with the right SDK, in one command.
    var remedy: String {
        if isPythonNamed { return "Install it: \(python) -m pip install modal==\(Self.sdkVersion)" }
        return
            "Install it for Pinion alone: python3 -m venv \(venv) && \(venv)/bin/pip install modal==\(Self.sdkVersion)"
    }

    /// What an error may repeat and nobody may read.
    var token: [String] { environment["MODAL_TOKEN_SECRET"].map { [$0] } ?? [] }

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

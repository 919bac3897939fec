package import DeploymentModel
import FoundationEssentials
import JSON

extension EngineAddress {
    /// The engine that the docker program would use: `DOCKER_HOST`, else the context of `DOCKER_CONTEXT` or of
    /// `currentContext` in Docker's `config.json`, else the standard socket.
    ///
    /// - Parameter environment: of the process; `DOCKER_CONFIG`, `DOCKER_CERT_PATH` and `DOCKER_TLS_VERIFY` count too.
    /// - Throws: `Failure` with `ERR_DOCKER` when it names something that is not there or can't be reached.
    package static func resolve(environment: [String: String]) throws(Failure) -> EngineAddress {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = value("HOME").map { $0 + "/.docker" }
        let folder = value("DOCKER_CONFIG") ?? home
        if let host = value("DOCKER_HOST") {
            let usesTLS = value("DOCKER_TLS_VERIFY") != nil || value("DOCKER_TLS") != nil
            return try EngineAddress(host, certificates: usesTLS ? value("DOCKER_CERT_PATH") ?? folder : nil)
        }
        guard let folder else { return .standard }
        let current = value("DOCKER_CONTEXT") ?? currentContext(in: folder)
        guard let name = current, name != "default" else { return .standard }
        return try context(name, in: folder)
    }

    /// The context that Docker's `config.json` names in its folder; `nil` where it names none.
    package static func currentContext(in folder: String) -> String? {
        json(at: folder + "/config.json")?["currentContext"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func context(_ name: String, in folder: String) throws(Failure) -> EngineAddress {
        // The folders are named by a hash of the name; the name itself stands in the file.
        let metas = folder + "/contexts/meta"
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: metas)) ?? [] {
            guard let meta = json(at: "\(metas)/\(entry)/meta.json"), meta["Name"]?.stringValue == name else {
                continue
            }
            guard let host = meta["Endpoints"]?["docker"]?["Host"]?.stringValue else { break }
            let certificates = "\(folder)/contexts/tls/\(entry)/docker"
            let hasCertificates = FileManager.default.fileExists(atPath: certificates + "/ca.pem")
            return try EngineAddress(host, certificates: hasCertificates ? certificates : nil)
        }
        throw Failure(
            .docker, "the Docker context '\(name)' is not there or names no engine",
            remedy: "See what there is with: docker context ls")
    }

    private static func json(at path: String) -> JSONValue? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONValue(parsing: $0) }
    }
}

import DeploymentModel
import Docker
import FoundationEssentials
import Git
import OCI
import RegistryCatalog

/// All settings that are in force for a command with these options.
struct Settings {
    let all: [Setting]

    /// - Throws: `Failure` with `ERR_GIT` (no repository, no such branch) or `ERR_FUNCTION_NOT_FOUND` (no such
    ///   environment).
    init(_ options: WorkspaceOptions, variables: [String: String]) async throws(Failure) {
        let variables = variables.filter { !$0.value.isEmpty }
        // Whether pins have a branch to go to is no question here.
        var reading = options
        reading.pins = .record
        let source = try await RegistrySource(reading)
        let lines: [String: Int]
        do throws(GitError) {
            lines = try await source.environment.lines(at: source.catalog.commit, in: source.references.repository)
        } catch { throw RevisionOptions.failure(error, repo: options.repo) }
        all =
            Self.places(options, source, lines) + Self.environment(options, source.environment, lines)
            + Self.process(variables, repo: options.repo) + Self.secrets(source.catalog, variables)
    }

    // MARK: What is worked on

    private static func places(
        _ options: WorkspaceOptions, _ source: RegistrySource, _ lines: [String: Int]
    ) -> [Setting] {
        let branch: Setting =
            if let name = options.branch {
                Setting("branch", name, .option, "--branch")
            } else if let name = source.environment.branch {
                file("branch", name, lines)
            } else {
                Setting("branch", source.branch ?? "a detached HEAD", .git, "HEAD")
            }
        return [
            option("repo", options.repo == "." ? nil : RepositoryPlace.shown(options.repo), otherwise: "."),
            option("remote", options.remote, otherwise: nil),
            option(
                "state-repo", options.state.place.map(RepositoryPlace.shown), otherwise: "the repository of the specs"),
            option(
                "insecure-registry",
                options.oci.insecureRegistry.isEmpty
                    ? nil : options.oci.insecureRegistry.map(\.name).joined(separator: ", "),
                otherwise: "loopback alone"),
            option("env", options.env, otherwise: "local"),
            branch,
        ]
    }

    private static func option(_ name: String, _ value: String?, otherwise standard: String?) -> Setting {
        value.map { Setting(name, $0, .option, "--\(name)") } ?? Setting(name, standard, .standard)
    }

    // MARK: The environment

    private static func environment(
        _ options: WorkspaceOptions, _ spec: EnvironmentSpec, _ lines: [String: Int]
    ) -> [Setting] {
        var settings = [file("target", spec.target.rawValue, lines), file("registry", spec.registry, lines)]
        if let pins = options.pins {
            settings.append(Setting("pins", pins.rawValue, .option, "--pins"))
        } else {
            // What it wants is in its record, and so are the pins.
            let decides = spec.promotesFrom == nil ? "pins" : "promotes_from"
            settings.append(file("pins", spec.pins.rawValue, lines, key: decides))
        }
        if let from = spec.promotesFrom {
            settings += [
                file("promotes_from", from, lines),
                file("gates.evidence", evidence(spec), lines),
                file("gates.max_age", spec.gate.maxAgeSeconds.map { "\($0)s" }, lines),
                file("gates.approvals", "\(spec.gate.approvals)", lines),
                file("gates.allowed_signers", spec.gate.allowedSigners, lines),
            ]
        }
        guard spec.target == .modal else { return settings }
        return settings + [
            file("modal_environment", spec.modalEnvironment, lines),
            file("app_names", spec.appNames.rawValue, lines),
            file("prune", "\(spec.allowsPrune)", lines),
        ]
    }

    private static func evidence(_ spec: EnvironmentSpec) -> String {
        (spec.gate.evidence?.map(\.description) ?? ["\(spec.target == .modal ? "modal" : "local")/mock"])
            .joined(separator: ", ")
    }

    private static func file(
        _ name: String, _ value: String?, _ lines: [String: Int], key: String? = nil
    ) -> Setting {
        lines[key ?? name].map { Setting(name, value, .file, "\(EnvironmentSpec.file):\($0)") }
            ?? Setting(name, value, .standard)
    }

    // MARK: The process

    private static func process(_ variables: [String: String], repo: String) -> [Setting] {
        let nobody = Identity(name: "Pinion", email: "pinion@localhost")
        let author = Authorship(environment: variables, in: RepositoryPlace.path(repo), otherwise: nobody).author
        let writer = "\(author.name) <\(author.email)>"
        let authorship: Setting =
            if variables["GIT_AUTHOR_NAME"] != nil {
                Setting("author", writer, .environment, "GIT_AUTHOR_NAME")
            } else if author == nobody {
                Setting("author", writer, .standard)
            } else {
                Setting("author", writer, .git, "git config user.name")
            }
        let home = variables["HOME"] ?? ""
        return [
            authorship,
            variable("docker.host", ["DOCKER_HOST"], variables, otherwise: nil),
            dockerContext(variables, folder: variables["DOCKER_CONFIG"] ?? home + "/.docker"),
            variable("docker.config", ["DOCKER_CONFIG"], variables, otherwise: home + "/.docker"),
            folder("folder.cache", "XDG_CACHE_HOME", variables, otherwise: home + "/.cache"),
            folder("folder.data", "XDG_DATA_HOME", variables, otherwise: home + "/.local/share"),
            folder("folder.state", "XDG_STATE_HOME", variables, otherwise: home + "/.local/state"),
            variable("python", ["PINION_PYTHON"], variables, otherwise: nil),
            variable("modal.env", ["MODAL_ENV", "MODAL_ENVIRONMENT"], variables, otherwise: nil),
            variable("modal.app", ["MODAL_APP_NAME"], variables, otherwise: nil),
            variable("modal.enabled", ["MODAL_ENABLED"], variables, otherwise: "true"),
            variable("ci", ["CI"], variables, otherwise: nil),
            variable("certificates", ["CURL_CA_BUNDLE", "SSL_CERT_FILE"], variables, otherwise: nil),
            // A proxy's address may have a password in it.
            presence("proxy", ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"], variables),
            variable("colours", ["NO_COLOR", "CLICOLOR_FORCE"], variables, otherwise: nil),
        ]
    }

    private static func dockerContext(_ variables: [String: String], folder: String) -> Setting {
        guard variables["DOCKER_CONTEXT"] == nil, let name = EngineAddress.currentContext(in: folder) else {
            return variable("docker.context", ["DOCKER_CONTEXT"], variables, otherwise: "default")
        }
        return Setting("docker.context", name, .file, folder + "/config.json")
    }

    private static func variable(
        _ name: String, _ names: [String], _ variables: [String: String], otherwise standard: String?
    ) -> Setting {
        guard let first = names.first(where: { variables[$0] != nil }) else {
            return Setting(name, standard, .standard)
        }
        return Setting(name, variables[first], .environment, first)
    }

    private static func folder(
        _ name: String, _ variable: String, _ variables: [String: String], otherwise standard: String
    ) -> Setting {
        let setting = Self.variable(name, [variable], variables, otherwise: standard)
        return Setting(name, setting.value.map { $0 + "/pinion" }, setting.source, setting.place)
    }

    // MARK: Secrets

    private static func secrets(_ catalog: Catalog, _ variables: [String: String]) -> [Setting] {
        let asked = catalog.processors.flatMap { $0.secrets.required + $0.secrets.optional }
        let own = [
            "MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "MODAL_PROXY_KEY", "MODAL_PROXY_SECRET", "DOCKER_AUTH_CONFIG",
            "REGISTRY_USERNAME", "REGISTRY_PASSWORD",
        ]
        return (own + Set(asked).subtracting(own).sorted()).map { presence("secret.\($0)", [$0], variables) }
    }

    /// Whether there is a value, and never the value.
    private static func presence(_ name: String, _ names: [String], _ variables: [String: String]) -> Setting {
        guard let first = names.first(where: { variables[$0] != nil }) else {
            return Setting(name, "not set", .standard)
        }
        return Setting(name, "set", .environment, first)
    }
}

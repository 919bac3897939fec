import Crypto
package import DeploymentModel

/// Names what an environment deploys to Modal (contract "Refs and names").
package struct AppNaming: Hashable, Sendable {
    /// What Modal takes.
    private static let lengthLimit = 64

    private let prefix: String
    private let override: String?
    /// Whose the apps are; `nil` where they are everybody's, or nobody says.
    private let origin: AppOrigin?
    private let isEverybodysOwn: Bool

    /// - Parameters:
    ///   - variables: of this process: `GIT_BRANCH`, `GITHUB_HEAD_REF`, `GITHUB_REF_NAME`, `CI_COMMIT_REF_NAME` name the
    ///     branch, `GIT_USER`, `GITHUB_ACTOR`, `GITLAB_USER_LOGIN` the user, `MODAL_APP_NAME` the app itself.
    ///   - branch: the branch of the repository, where no variable names one.
    ///   - user: git's own `user.name`, where no variable names one.
    /// - Throws: `Failure` with `ERR_SPEC` when a name needs what nobody says.
    package init(
        _ environment: EnvironmentSpec, variables: [String: String], branch: String?, user: String?
    ) throws(Failure) {
        override = variables["MODAL_APP_NAME"].flatMap { $0.isEmpty ? nil : $0 }
        isEverybodysOwn = environment.appNames == .branchUser
        guard isEverybodysOwn else {
            (prefix, origin) = ("", nil)
            return
        }
        func part(
            _ what: String, _ names: [String], _ other: String?, _ source: String
        ) throws(Failure) -> String {
            let found = names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty } ?? other
            guard let found, Self.canonical(found).contains(where: { $0 != "-" }) else {
                throw Failure(
                    .spec, "apps of '\(environment.name)' are named by \(what), and nobody says which",
                    remedy: "Set \(names[0]), or \(source).")
            }
            return found
        }
        do throws(Failure) {
            let branch = try part(
                "branch", ["GIT_BRANCH", "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME"], branch,
                "be on a branch")
            let user = try part(
                "user", ["GIT_USER", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"], user, "git config user.name")
            prefix = "\(Self.canonical(branch))-\(Self.canonical(user))-"
            origin = AppOrigin(branch: Self.tag(of: branch), user: Self.tag(of: user))
        } catch {
            // An app that is named itself needs neither.
            guard override != nil else { throw error }
            (prefix, origin) = ("", nil)
        }
    }

    /// The names of a processor's app and function.
    package func name(of ref: ProcessorRef) -> FunctionName {
        FunctionName(
            app: Self.fitted(override.map { Self.canonical($0) } ?? prefix + ref.refSlug),
            function: Self.fitted(ref.functionName), origin: origin)
    }

    /// The app of a ref, where every branch and user has one of its own, and so a record of its own; else `nil`.
    package var ownApp: (@Sendable (ProcessorRef) -> String)? {
        guard isEverybodysOwn else { return nil }
        return { ref in name(of: ref).app }
    }

    /// Who named an app: others may be in the same environment of Modal. Its function tells which ref it is, and so which
    /// name that has here; the name's beginning may be that of somebody else's, too: `main-ada-` is that of
    /// `main-ada-b-`.
    package func owner(of app: ObservedApp) -> AppOwner {
        if let override { return app.name == Self.fitted(Self.canonical(override)) ? .environment : .others }
        let isOwn = app.functions.contains { function in
            Self.refSlug(of: function.name).map { Self.fitted(prefix + $0) } == app.name
        }
        return isOwn ? .environment : prefix.isEmpty ? .unknown : .others
    }

    /// `exec__llm_litellm__v1` → `llm-litellm-v1`; `nil` for what is no function's name, or one that was cut.
    static func refSlug(of function: String) -> String? {
        guard function.hasPrefix("exec__") else { return nil }
        let version = String(function.reversed().prefix { $0.isNumber }.reversed())
        let stem = function.dropFirst("exec__".count).dropLast(version.count)
        guard !version.isEmpty, stem.hasSuffix("__v") else { return nil }
        return "\(stem.dropLast("__v".count).replacing("_", with: "-"))-v\(version)"
    }

    /// All refs have one app, where `MODAL_APP_NAME` names it.
    ///
    /// - Throws: `Failure` with `ERR_NAME_COLLISION` when that would be more than one.
    package func check(_ refs: [ProcessorRef]) throws(Failure) {
        guard let override, refs.count > 1 else { return }
        throw Failure(
            .nameCollision,
            "MODAL_APP_NAME names one app, \(override), and \(refs.map(\.description).joined(separator: ", ")) need one each",
            remedy: "Unset it, or work on one processor with: pinion modalctl --ref \(refs[0])")
    }

    /// Lower case; each run of what is neither a letter, a digit nor `-` becomes one `-`.
    static func canonical(_ text: String) -> String {
        var canonical = ""
        var isInRun = false
        for character in text.lowercased().unicodeScalars {
            let isKept = "abcdefghijklmnopqrstuvwxyz0123456789-".unicodeScalars.contains(character)
            if isKept { canonical.unicodeScalars.append(character) } else if !isInRun { canonical += "-" }
            isInRun = !isKept
        }
        return canonical
    }

    /// A name that is too long is cut and ends in `-<8 hexadecimal digits of its SHA-256>`.
    static func fitted(_ name: String) -> String {
        guard name.utf8.count > lengthLimit else { return name }
        return "\(name.prefix(lengthLimit - 9))-\(hash(of: name))"
    }

    /// A branch or a user as a tag tells it: as it is, if a tag may hold that, else cut to what it may hold and with
    /// `-<8 hexadecimal digits of its SHA-256>` at the end, so that two branches have two tags.
    static func tag(of text: String) -> String {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".unicodeScalars
        guard text.utf8.count > tagLimit || !text.unicodeScalars.allSatisfy(allowed.contains) else { return text }
        return "\(canonical(text).prefix(tagLimit - 9))-\(hash(of: text))"
    }

    /// What a tag on Modal holds.
    private static let tagLimit = 63

    private static func hash(of text: String) -> Substring {
        DeploymentModel.Digest(bytes: Array(SHA256.hash(data: Array(text.utf8)))).hex.prefix(8)
    }
}

/// A name and an address, as git writes them.
package struct Identity: Hashable, Sendable {
    package let name: String
    package let email: String

    package init(name: String, email: String) {
        self.name = name
        self.email = email
    }
}

/// Who answers for a commit: author, committer and, where the user's git signs, the signer.
package struct Authorship: Sendable {
    package let author: Identity
    package let committer: Identity
    let signer: CommitSigner?

    /// Author and committer are the same, and nothing is signed.
    package init(_ identity: Identity) {
        self.init(author: identity, committer: identity, signer: nil)
    }

    init(author: Identity, committer: Identity, signer: CommitSigner?) {
        self.author = author
        self.committer = committer
        self.signer = signer
    }

    /// What git's environment (`GIT_AUTHOR_NAME`, `GIT_COMMITTER_EMAIL`, …) and configuration say: the names, and with
    /// `commit.gpgSign` that commits are signed. Runs `git`, so it blocks: call it where that does no harm.
    ///
    /// - Parameters:
    ///   - environment: what `git` is run with.
    ///   - folder: a work tree or git directory whose own configuration counts; the working directory when `nil`.
    ///   - fallback: who it is when nobody is configured.
    ///   - alwaysSigns: signs whatever `commit.gpgSign` says.
    package init(
        environment: [String: String], in folder: String? = nil, otherwise fallback: Identity,
        alwaysSigns: Bool = false
    ) {
        let program = GitProgram(environment: environment)
        let configuration = GitConfiguration(of: program, in: folder)
        func identity(_ role: String) -> Identity {
            let kind = role.lowercased()
            func value(_ name: String) -> String? {
                for text in [
                    environment["GIT_\(role)_\(name.uppercased())"], configuration["\(kind).\(name)"],
                    configuration["user.\(name)"],
                ] {
                    if let text, !text.isEmpty { return text }
                }
                return nil
            }
            guard let name = value("name"), let email = value("email") else { return fallback }
            return Identity(name: name, email: email)
        }
        let signs =
            alwaysSigns
            || ["true", "yes", "on", "1", ""].contains(configuration["commit.gpgsign"]?.lowercased() ?? "no")
        self.init(
            author: identity("AUTHOR"), committer: identity("COMMITTER"),
            signer: signs ? program.map { CommitSigner($0, configuration) } : nil)
    }
}

/// Signs commits with the user's own git, which knows OpenPGP, X.509 and ssh keys, and where they are.
struct CommitSigner: Sendable {
    /// What `git commit-tree` has to know and would not find in a repository of our own.
    private static let keys = [
        "user.signingkey", "gpg.format", "gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program",
        "gpg.ssh.defaultkeycommand",
    ]

    private let program: GitProgram
    private let settings: [String]

    init(_ program: GitProgram, _ configuration: GitConfiguration) {
        self.program = program
        settings = Self.keys.flatMap { key in configuration[key].map { ["-c", "\(key)=\($0)"] } ?? [] }
    }

    /// Writes a signed commit into the repository.
    ///
    /// - Parameters:
    ///   - message: at most what a pipe holds.
    ///   - time: seconds since 1970, written as UTC.
    /// - Throws: `GitError` when git or its signing program refuses.
    func commit(
        tree: ObjectID, parents: [ObjectID], message: String, author: Identity, committer: Identity, time: Int64,
        in gitDirectory: String
    ) throws(GitError) -> ObjectID {
        var program = program
        for (role, identity) in [("AUTHOR", author), ("COMMITTER", committer)] {
            program.environment["GIT_\(role)_NAME"] = identity.name
            program.environment["GIT_\(role)_EMAIL"] = identity.email
            program.environment["GIT_\(role)_DATE"] = "\(time) +0000"
        }
        let parents = parents.flatMap { ["-p", $0.hex] }
        let arguments =
            ["--git-dir", gitDirectory] + settings + ["commit-tree", tree.hex] + parents + ["-S", "-F", "-"]
        guard let output = program.run(arguments, input: message) else {
            throw GitError(.other, "git could not be run to sign a commit")
        }
        let text = output.text.prefix { !$0.isNewline }
        guard output.status == 0, let id = ObjectID(text) else {
            throw GitError(
                .other,
                "git could not sign a commit (code \(output.status)): try git commit -S by hand; gpg.format and "
                    + "user.signingKey say how, commit.gpgSign whether")
        }
        return id
    }
}

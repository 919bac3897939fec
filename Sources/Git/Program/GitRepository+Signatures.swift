extension GitRepository {
    /// Whose signature a commit bears, by a file of allowed signers (`ssh-keygen(1)`, ALLOWED SIGNERS).
    ///
    /// - Parameters:
    ///   - allowedSigners: the path of the file.
    ///   - environment: what `git` is run with.
    /// - Returns: the principal of the key, `nil` when the commit has no good signature of one.
    package func signer(
        of commit: ObjectID, allowedSigners: String, environment: [String: String]
    ) -> String? {
        let format = ["-c", "gpg.ssh.allowedSignersFile=\(allowedSigners)", "-c", "log.showSignature=false"]
        guard let program = GitProgram(environment: environment),
            let output = program.run(
                ["--git-dir", gitDirectory] + format + ["log", "-1", "--format=%G?%n%GS", commit.hex]),
            output.status == 0
        else { return nil }
        let lines = output.text.split(separator: "\n").map(String.init)
        // Good, and of a key that the file knows; U is a good one of a key that it does not.
        guard lines.count == 2, lines[0] == "G" else { return nil }
        return lines[1]
    }
}

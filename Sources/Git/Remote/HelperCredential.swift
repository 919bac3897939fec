/// A user name and a password from git's helpers (`git help credential`), asked for by `git credential`.
///
/// The values travel in pipes alone: never in arguments, never in messages.
struct HelperCredential: Sendable {
    let user: String
    let password: String
    /// All that the helper said, which is what it wants to hear back.
    private let text: String

    /// Asks helpers, `GIT_ASKPASS` or the terminal, as git would; `nil` when none answers.
    init?(for remote: RemoteURL, from access: RemoteAccess) {
        var request = "protocol=\(remote.scheme.rawValue)\nhost=\(remote.authority)\n"
        let path = remote.path.drop { $0 == "/" }
        if !path.isEmpty { request += "path=\(path)\n" }
        if let user = remote.user { request += "username=\(user)\n" }
        guard let output = access.program?.run(["credential", "fill"], in: access.folder, input: request + "\n"),
            output.status == 0
        else { return nil }
        var fields: [Substring: Substring] = [:]
        for line in output.text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard let user = fields["username"], let password = fields["password"] else { return nil }
        self.user = String(user)
        self.password = String(password)
        text = output.text
    }

    /// Tells the helpers that it worked, so that they may keep it.
    func approve(to access: RemoteAccess) { tell("approve", access) }

    /// Tells the helpers that it did not work, so that they forget it.
    func reject(to access: RemoteAccess) { tell("reject", access) }

    private func tell(_ verb: String, _ access: RemoteAccess) {
        _ = access.program?.run(["credential", verb], in: access.folder, input: text + "\n")
    }
}

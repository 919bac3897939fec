import CGit2
import FoundationEssentials

extension GitRepository {
    /// Asks a remote whether this user may push there, without a push: servers refuse the very beginning of one to who may
    /// not. What single branches allow, only a push can tell. A remote that hangs keeps this actor busy from then on, though
    /// its caller goes on.
    ///
    /// - Parameters:
    ///   - address, environment, checkout: as `cached(url:in:environment:checkout:silence:)` has them.
    ///   - silence: how long the remote may say nothing.
    /// - Throws: `GitError` of kind `unauthorized`, `unreachable`, `refused` or as a fetch has it.
    package nonisolated func checkPush(
        to address: String, environment: [String: String], checkout: String? = nil, silence: Duration
    ) async throws(GitError) {
        try await RemoteCopy.beginPush(
            from: self, to: address, environment: environment, checkout: checkout, silence: silence)
    }

    func beginPush(_ access: RemoteAccess, _ flag: CancellationFlag) throws(GitError) {
        let (remote, session, _) = try connect(access, flag, GIT_DIRECTION_PUSH)
        defer { withExtendedLifetime(session) {} }
        session.accepted()
        unsafe git_remote_disconnect(remote.pointer)
        guard access.remote.scheme == .file else { return }
        // A repository of this host says nothing of that itself.
        let objects = ["/objects", "/.git/objects"].map { access.remote.path + $0 }
        guard objects.contains(where: { FileManager.default.isWritableFile(atPath: $0) }) else {
            throw GitError(.refused, "this user may not write to \(access.remote)")
        }
    }
}

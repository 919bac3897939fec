import CGit2

extension GitRepository {
    /// Sends a commit to a remote and moves the remote's reference to it, if that still points at `expected` (`nil`:
    /// does not exist yet). Nothing is ever forced. Afterwards this repository's reference of that name follows.
    ///
    /// - Throws: `GitError` of kind `conflict` when somebody else moved the reference, `refused` when the remote's rules
    ///   forbid it (a protected branch, a hook), and those of a fetch.
    func push(
        _ id: ObjectID, to reference: String, expecting expected: ObjectID?, _ access: RemoteAccess,
        _ flag: CancellationFlag
    ) throws(GitError) {
        // libgit2 pushes references alone, so the commit has one while it travels.
        let passing = "refs/pinion-push/\(id.hex)"
        var oid = id.oid
        var created: OpaquePointer?
        let status = unsafe git_reference_create(&created, handle.pointer, passing, &oid, 1, nil)
        unsafe git_reference_free(created)
        try check(status, "cannot push \(id.short)")
        defer { _ = unsafe git_reference_remove(handle.pointer, passing) }

        let (remote, session, headers) = try connect(access, flag, GIT_DIRECTION_PUSH)
        defer { withExtendedLifetime(session) {} }
        session.accepted()
        session.expect(expected, at: reference)
        try upload("\(passing):\(reference)", remote, session, headers)
        if let refusal = session.refusal { throw Self.refusal(refusal, of: reference, at: access.remote) }
        oid = id.oid
        unsafe created = nil
        let followed = unsafe git_reference_create(&created, handle.pointer, reference, &oid, 1, "push")
        unsafe git_reference_free(created)
        try check(followed, "cannot move \(reference)")
    }

    private func upload(
        _ refspec: String, _ remote: Owned, _ session: RemoteSession, _ headers: [String]
    ) throws(GitError) {
        var options = unsafe git_push_options()
        unsafe git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
        unsafe options.callbacks = unsafe session.callbacks
        unsafe options.proxy_opts.type = GIT_PROXY_AUTO
        unsafe options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        let status = unsafe headers.withCStrings { lines in
            unsafe options.custom_headers = Self.array(lines)
            return unsafe [refspec].withCStrings { specs in
                var specs = unsafe Self.array(specs)
                return unsafe git_remote_upload(remote.pointer, &specs, &options)
            }
        }
        guard status < 0 else { return }
        if session.hasMoved || status == GIT_ENONFASTFORWARD.rawValue {
            throw GitError(.conflict, "\(session.access.remote) has moved the reference meanwhile")
        }
        throw Self.failure(status, session, "push to")
    }

    /// What the remote says when it does not move a reference: its locks are a conflict, its rules a refusal.
    private static func refusal(_ words: String, of reference: String, at remote: RemoteURL) -> GitError {
        let conflicts = [
            "non-fast-forward", "fetch first", "cannot lock ref", "failed to update ref", "failed to lock",
            "incorrect old value", "reference already exists", "stale info",
        ]
        let isConflict = conflicts.contains { words.contains($0) }
        return GitError(isConflict ? .conflict : .refused, "\(remote) does not move \(reference): \(words)")
    }
}

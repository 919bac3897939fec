import CGit2
import Synchronization

extension GitRepository {
    /// What a cache holds of its remote: all of it that Pinion reads, under the same names.
    private static let mirrored = [
        "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/pinion/*:refs/pinion/*",
    ]

    /// Makes this repository's branches, tags and `refs/pinion/*` those of a remote, with all that they need, and HEAD
    /// the remote's. Only new objects travel; what the remote no longer has is removed.
    func mirror(_ access: RemoteAccess, _ flag: CancellationFlag) throws(GitError) {
        if access.remote.scheme == .file { try Self.inspect(access.remote) }
        if let file = access.authorities, access.remote.scheme == .https { Self.trust(file) }
        let (remote, session, headers) = try connect(access, flag, GIT_DIRECTION_FETCH)
        defer { withExtendedLifetime(session) {} }
        session.accepted()
        var head = unsafe git_buf()
        defer { unsafe git_buf_dispose(&head) }
        let hasHead = unsafe git_remote_default_branch(&head, remote.pointer) == 0
        flag.noteSign()
        try download(remote, session, headers)
        flag.noteIdle()
        // A branch `a` that is gone would be in the way of a branch `a/b`.
        try prune(remote)
        var callbacks = unsafe session.callbacks
        try check(
            unsafe git_remote_update_tips(remote.pointer, &callbacks, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE, "fetch"),
            "cannot take over the references of \(access.remote)")
        if hasHead, let name = unsafe head.ptr, unsafe String(cString: name).hasPrefix("refs/heads/") {
            try check(unsafe git_repository_set_head(handle.pointer, name), "cannot set HEAD")
        }
    }

    /// Removes the mirrored references that the remote does not have. The records of `local` are this host's alone.
    private func prune(_ remote: Owned) throws(GitError) {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try check(unsafe git_remote_ls(&heads, &count, remote.pointer), "cannot list the remote's references")
        var known: Set<String> = ["refs/pinion/env/local"]
        for index in 0..<count {
            if let name = unsafe heads?[index]?.pointee.name { unsafe known.insert(String(cString: name)) }
        }
        for space in ["refs/heads", "refs/tags", "refs/pinion"] {
            for name in try references(under: space) where !known.contains(name) {
                try check(unsafe git_reference_remove(handle.pointer, name), "cannot remove \(name)")
            }
        }
    }

    func connect(
        _ access: RemoteAccess, _ flag: CancellationFlag, _ direction: git_direction
    ) throws(GitError) -> (Owned, RemoteSession, [String]) {
        let session = RemoteSession(access, flag)
        flag.noteSign()
        let first = try dial(session, direction, headers: access.headers, GIT_REMOTE_REDIRECT_NONE)
        switch first {
        case .success(let remote): return (remote, session, access.headers)
        case .failure(let error):
            // libgit2 would take headers and credentials along to wherever a redirect leads.
            guard access.remote.isHTTP, error.message.contains("redirect") else { throw error }
            let session = RemoteSession(access, flag, isRedirected: true)
            return (try dial(session, direction, headers: [], GIT_REMOTE_REDIRECT_INITIAL).get(), session, [])
        }
    }

    private func dial(
        _ session: RemoteSession, _ direction: git_direction, headers: [String], _ redirects: git_remote_redirect_t
    ) throws(GitError) -> Result<Owned, GitError> {
        let remote = try remote(session.access.remote)
        var options = unsafe git_remote_connect_options()
        unsafe git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        unsafe options.callbacks = unsafe session.callbacks
        unsafe options.proxy_opts.type = GIT_PROXY_AUTO
        unsafe options.follow_redirects = redirects
        let status = unsafe headers.withCStrings { lines in
            unsafe options.custom_headers = Self.array(lines)
            return unsafe git_remote_connect_ext(remote.pointer, direction, &options)
        }
        return status < 0 ? .failure(Self.failure(status, session)) : .success(remote)
    }

    /// A remote that is not written anywhere, whose address holds no credentials.
    private func remote(_ url: RemoteURL) throws(GitError) -> Owned {
        var options = unsafe git_remote_create_options()
        unsafe git_remote_create_options_init(&options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION))
        unsafe options.repository = handle.pointer
        unsafe options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue
        return try unsafe own("cannot fetch from \(url)", free: unsafe git_remote_free) {
            unsafe git_remote_create_with_opts($0, url.description, &options)
        }
    }

    private func download(_ remote: Owned, _ session: RemoteSession, _ headers: [String]) throws(GitError) {
        var options = unsafe git_fetch_options()
        unsafe git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
        unsafe options.callbacks = unsafe session.callbacks
        unsafe options.proxy_opts.type = GIT_PROXY_AUTO
        unsafe options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        unsafe options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        // These options replace those of the connection.
        let status = unsafe headers.withCStrings { lines in
            unsafe options.custom_headers = Self.array(lines)
            return unsafe Self.mirrored.withCStrings { specs in
                var specs = unsafe Self.array(specs)
                return unsafe git_remote_download(remote.pointer, &specs, &options)
            }
        }
        if status < 0 { throw Self.failure(status, session) }
    }

    /// Says what is wrong with a repository of this host, which libgit2's transport says badly.
    private static func inspect(_ remote: RemoteURL) throws(GitError) {
        var pointer: OpaquePointer?
        let status = unsafe git_repository_open_ext(
            &pointer, remote.path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil)
        if status < 0 {
            let error = GitError(status, "cannot fetch from \(remote)")
            throw error.kind == .notFound
                ? GitError(.notARepository, "there is no git repository at \(remote)") : error
        }
        defer { unsafe git_repository_free(pointer) }
        if unsafe git_repository_is_shallow(pointer) == 1 {
            throw GitError(.unsupported, "cannot fetch from \(remote): it is a shallow clone, which lacks history")
        }
    }

    static func array(_ strings: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>) -> git_strarray {
        unsafe git_strarray(
            strings: UnsafeMutableRawPointer(strings.baseAddress)?.assumingMemoryBound(
                to: UnsafeMutablePointer<CChar>?.self),
            count: strings.count)
    }

    static func failure(_ status: CInt, _ session: RemoteSession, _ what: String = "fetch from") -> GitError {
        let error = GitError(status, "cannot \(what) \(session.access.remote)")
        if session.isCancelled {
            return GitError(.cancelled, "the \(what) \(session.access.remote) was cancelled")
        }
        if let failure = session.failure { return failure }
        return error.refined(status, session.access.remote)
    }

    private static let trusted = Mutex<String?>(nil)

    /// Trusts the authorities of this file, process-wide, as libgit2 has it. Only the first file counts: to change it
    /// under a running connection is not safe.
    private static func trust(_ file: String) {
        trusted.withLock { trusted in
            guard trusted == nil else { return }
            trusted = file
            _ = unsafe cgit2_trust_certificates(file)
        }
    }
}

extension GitError {
    /// Tells kinds apart that libgit2 tells by its words alone.
    fileprivate func refined(_ status: CInt, _ remote: RemoteURL) -> GitError {
        if status == GIT_EAUTH.rawValue { return GitError(.unauthorized, message) }
        if status == GIT_ECERTIFICATE.rawValue { return GitError(.untrusted, message) }
        // Both kinds of repository say so in lines that libgit2 cannot read.
        if message.contains("parsing REF pkt-line") {
            return GitError(
                .unsupported,
                "cannot fetch from \(remote): the repository is shallow or names objects by SHA-256,"
                    + " and neither is supported")
        }
        if message.contains("status code: 404") || message.contains("not exported") {
            return GitError(.notFound, message)
        }
        if message.contains("status code: 403") || message.contains("status code: 401") {
            return GitError(.unauthorized, message)
        }
        return kind == .other ? GitError(.unreachable, message) : self
    }
}

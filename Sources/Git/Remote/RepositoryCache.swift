import CGit2
import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension GitRepository {
    /// A bare copy of a remote repository, brought up to date: all branches, tags and `refs/pinion/*`.
    ///
    /// The copy is made once and fetched into from then on; a second process that wants the same one waits its turn.
    /// It is the remote's mirror: a reference of those names that the remote does not have is removed. Credentials come
    /// from where git has them (the address, `http.<url>.extraHeader`, credential helpers, `GIT_ASKPASS`, the ssh agent)
    /// and are neither stored nor shown. To other addresses that a server leads to they are not sent.
    ///
    /// - Parameters:
    ///   - url: a path, a URL (`file`, `https`, `http`, `ssh`, `git`) or `user@host:path`.
    ///   - folder: holds the copies; made when missing, for this user alone.
    ///   - environment: what `git` is run with: `PATH`, `HOME`, `GIT_ASKPASS`, `GIT_CONFIG_…`.
    ///   - checkout: a folder of a work tree whose own configuration counts too (CI puts its header there); this
    ///     process's working directory when `nil`.
    ///   - silence: how long the remote may say nothing when it is its turn.
    /// - Throws: `GitError` of kind `invalid` (no address), `notARepository`, `notFound`, `foreignOwner`, `unsupported`
    ///   (SHA-256, shallow), `unauthorized`, `unreachable` or `cancelled`.
    package static func cached(
        url: String, in folder: String, environment: [String: String], checkout: String? = nil,
        silence: Duration = .seconds(60)
    ) async throws(GitError) -> GitRepository {
        try await RemoteCopy(
            of: url, in: folder, environment: environment, checkout: checkout, silence: silence
        ).repository
    }
}

extension GitRepository {
    /// The copy of a remote as it was fetched last, and when that was, in seconds since 1970: what there is to read while the
    /// remote can't be reached. `nil` when there is no copy.
    ///
    /// - Parameters: as `cached(url:in:environment:checkout:)` has them.
    package static func lastCopy(
        of url: String, in folder: String, environment: [String: String], checkout: String? = nil
    ) async throws(GitError) -> (repository: GitRepository, time: Int64)? {
        try start()
        let cache = RepositoryCache(folder: folder)
        return try await cache.last(try await cache.way(to: url, environment, checkout))
    }

    /// Its time of change is when the copy was fetched last.
    fileprivate static func mark(in copy: String) -> String { copy + "/pinion-fetched" }
}

/// A bare copy of a remote, and how the remote is reached.
struct RemoteCopy: Sendable {
    let repository: GitRepository
    private let lockPath: String
    private let access: RemoteAccess
    private let patience: Patience

    init(
        of url: String, in folder: String, environment: [String: String], checkout: String?,
        silence: Duration = .seconds(60)
    ) async throws(GitError) {
        try GitRepository.start()
        let cache = RepositoryCache(folder: folder)
        let access = try await cache.way(to: url, environment, checkout)
        let patience = Patience(limit: silence)
        repository = try await Self.cancellable(access, patience) { flag throws(GitError) in
            try await cache.refreshed(access, flag)
        }
        lockPath = try await cache.lockPath(of: access.remote)
        self.access = access
        self.patience = patience
    }

    /// The remote's address without credentials.
    var address: String { access.remote.description }

    var place: String { access.remote.place }

    func refresh() async throws(GitError) {
        let (access, repository, lockPath) = (access, repository, lockPath)
        try await Self.cancellable(access, patience) { flag throws(GitError) in
            try await repository.locked(lockPath, access.remote, flag) { repository throws(GitError) in
                try repository.mirror(access, flag)
            }
        }
        RepositoryCache.mark(lockPath.dropLast(".lock".count))
    }

    /// Under the copy's lock, because a fetch of another process would move the copy's references too.
    func push(_ id: ObjectID, to reference: String, expecting expected: ObjectID?) async throws(GitError) {
        let (access, repository, lockPath) = (access, repository, lockPath)
        try await Self.cancellable(access, patience) { flag throws(GitError) in
            try await repository.locked(lockPath, access.remote, flag) { repository throws(GitError) in
                try repository.push(id, to: reference, expecting: expected, access, flag)
            }
        }
    }

    /// Begins a push to a remote with the user's credentials, and ends before anything is sent.
    static func beginPush(
        from repository: GitRepository, to address: String, environment: [String: String], checkout: String?,
        silence: Duration
    ) async throws(GitError) {
        let access = try await RepositoryCache(folder: "").way(to: address, environment, checkout)
        try await cancellable(access, Patience(limit: silence)) { flag throws(GitError) in
            try await repository.beginPush(access, flag)
        }
    }

    private static func cancellable<Value: Sendable>(
        _ access: RemoteAccess, _ patience: Patience,
        _ body: @escaping @Sendable (CancellationFlag) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let flag = CancellationFlag()
        // No function with a handler throws typed errors, so the error travels in a value.
        let result: Result<Value, GitError> = await withTaskCancellationHandler {
            do throws(GitError) {
                return .success(
                    try await patience.wait(for: access.remote, flag) { () throws(GitError) in try await body(flag) })
            } catch { return .failure(error) }
        } onCancel: {
            flag.set()
        }
        return try result.get()
    }
}

/// A folder of bare copies. An actor, because it waits for locks and programs on a thread of its own.
private actor RepositoryCache {
    private let folder: String
    private nonisolated let executor = BlockingExecutor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(folder: String) { self.folder = folder }

    /// Asks the user's git about the way to an address, which blocks.
    func way(
        to address: String, _ environment: [String: String], _ checkout: String?
    ) throws(GitError) -> RemoteAccess {
        try RemoteAccess(to: address, environment: environment, checkout: checkout)
    }

    func refreshed(_ access: RemoteAccess, _ flag: CancellationFlag) async throws(GitError) -> GitRepository {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw GitError(.other, "cannot create the folder \(folder)") }
        let lock = try FileLock(at: lockPath(of: access.remote), for: access.remote, flag)
        defer { lock.release() }
        let repository = try open(folder + "/" + Self.name(of: access.remote))
        try await repository.note(origin: access.remote)
        try await repository.mirror(access, flag)
        Self.mark(folder + "/" + (try Self.name(of: access.remote)))
        return repository
    }

    /// Notes when a copy was fetched. It is for people alone, so nothing fails without it.
    static func mark(_ copy: some StringProtocol) {
        _ = FileManager.default.createFile(atPath: GitRepository.mark(in: String(copy)), contents: Data())
    }

    func last(_ access: RemoteAccess) throws(GitError) -> (repository: GitRepository, time: Int64)? {
        let path = folder + "/" + (try Self.name(of: access.remote))
        let facts = try? FileManager.default.attributesOfItem(atPath: GitRepository.mark(in: path))
        guard let time = facts?[.modificationDate] as? Date else { return nil }
        return (try GitRepository(at: path), Int64(time.timeIntervalSince1970))
    }

    func lockPath(of remote: RemoteURL) throws(GitError) -> String {
        try folder + "/" + Self.name(of: remote) + ".lock"
    }

    /// Creating goes over what an interrupted creation has left.
    private func open(_ path: String) throws(GitError) -> GitRepository {
        if unsafe access(path + "/HEAD", F_OK) == 0 {
            do throws(GitError) { return try GitRepository(at: path) } catch {
                guard error.kind == .notARepository else { throw error }
            }
        }
        return try GitRepository(creatingBareAt: path)
    }

    /// A name for people, and the address's hash for the program.
    private static func name(of remote: RemoteURL) throws(GitError) -> String {
        var oid = git_oid()
        let address = Array(remote.description.utf8)
        let status = unsafe address.withUnsafeBytes {
            unsafe git_odb_hash(&oid, $0.baseAddress, $0.count, GIT_OBJECT_BLOB)
        }
        try check(status, "cannot hash an address")
        return "\(remote.shortName)-\(ObjectID(oid).hex.prefix(16)).git"
    }
}

extension GitRepository {
    /// Does something under the lock of a copy, without suspension in between: who waited for the lock on this actor's
    /// thread would keep its holder from ever going on.
    fileprivate func locked(
        _ path: String, _ remote: RemoteURL, _ flag: CancellationFlag,
        _ body: @Sendable (isolated GitRepository) throws(GitError) -> Void
    ) throws(GitError) {
        let lock = try FileLock(at: path, for: remote, flag)
        defer { lock.release() }
        try body(self)
    }

    /// Writes the address, without credentials, where a person who wonders about the copy looks.
    fileprivate func note(origin remote: RemoteURL) throws(GitError) {
        let configuration = try unsafe own("cannot read the configuration", free: unsafe git_config_free) {
            unsafe git_repository_config($0, handle.pointer)
        }
        var known = unsafe git_buf()
        defer { unsafe git_buf_dispose(&known) }
        if unsafe git_config_get_string_buf(&known, configuration.pointer, "remote.origin.url") == 0 { return }
        try check(
            unsafe git_config_set_string(configuration.pointer, "remote.origin.url", remote.description),
            "cannot write the configuration")
    }
}

extension FileLock {
    fileprivate convenience init(at path: String, for remote: RemoteURL, _ flag: CancellationFlag) throws(GitError) {
        try self.init(at: path)
        guard flag.isSet else { return }
        release()
        throw GitError(.cancelled, "the conversation with \(remote) was cancelled")
    }
}

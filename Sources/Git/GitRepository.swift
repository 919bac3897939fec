import CGit2

/// One git repository on this host, read and written without a work tree.
///
/// All calls into libgit2 run on a thread of this actor's own: the library blocks, and an object of it may be used by one
/// thread at a time.
package actor GitRepository {
    /// The git directory, with a final slash.
    package nonisolated let gitDirectory: String
    /// The git directory that all work trees of the repository share, with a final slash.
    package nonisolated let commonDirectory: String
    /// The work tree's root without a final slash, `nil` for a bare repository.
    package nonisolated let workTree: String?

    let handle: Owned
    /// What the working tree held when it was asked, once it was.
    var memory: MemoryObjects?
    /// What the last commit that was listed holds.
    var lastListing: TreeListing?
    private nonisolated let executor = BlockingExecutor()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    package nonisolated var isBare: Bool { workTree == nil }

    /// Opens the repository that the path is in: the path itself, a git directory, or the nearest folder above it.
    ///
    /// - Throws: `GitError` of kind `notARepository` or `foreignOwner`.
    package init(at path: String) throws(GitError) {
        try Self.start()
        var pointer: OpaquePointer?
        let status = unsafe git_repository_open_ext(&pointer, path, 0, nil)
        guard status >= 0, let pointer = unsafe pointer else {
            let error = GitError(status, "cannot open a git repository at \(path)")
            throw error.kind == .notFound ? GitError(.notARepository, "there is no git repository at \(path)") : error
        }
        handle = unsafe Owned(pointer, git_repository_free)
        gitDirectory = unsafe String(cString: git_repository_path(pointer))
        commonDirectory = unsafe String(cString: git_repository_commondir(pointer))
        if let workTree = unsafe git_repository_workdir(pointer) {
            let path = unsafe String(cString: workTree)
            self.workTree = path.hasSuffix("/") ? String(path.dropLast()) : path
        } else {
            workTree = nil
        }
    }

    /// Makes a new bare repository whose first branch is `main`.
    package init(creatingBareAt path: String) throws(GitError) {
        try Self.start()
        var options = unsafe git_repository_init_options()
        unsafe git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
        unsafe options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        var pointer: OpaquePointer?
        let status = unsafe "main".withCString { branch in
            unsafe options.initial_head = branch
            return unsafe git_repository_init_ext(&pointer, path, &options)
        }
        guard status >= 0, let pointer = unsafe pointer else {
            throw GitError(status, "cannot create a git repository at \(path)")
        }
        handle = unsafe Owned(pointer, git_repository_free)
        gitDirectory = unsafe String(cString: git_repository_path(pointer))
        commonDirectory = unsafe String(cString: git_repository_commondir(pointer))
        workTree = nil
    }

    /// Initialises libgit2 at its first use: it costs milliseconds that `--help` should not pay.
    private static let started: CInt = {
        let count = git_libgit2_init()
        // Sparse checkouts have it. What it brings, a second configuration file, matters to nothing that is read here.
        _ = unsafe ["worktreeconfig"].withCStrings { names in
            unsafe cgit2_allow_extensions(names.baseAddress, names.count)
        }
        // As git itself does: what is read was checked when it came, and is checked by zlib's sums still.
        _ = cgit2_verify_objects(0)
        return count
    }()

    static func start() throws(GitError) {
        guard started > 0 else { throw GitError(started, "libgit2 does not start") }
    }
}

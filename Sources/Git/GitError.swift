import CGit2

/// A git operation that failed.
package struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// There is no git repository at the path or above it.
        case notARepository
        /// The repository belongs to another user (git's `safe.directory` rule).
        case foreignOwner
        /// No such reference, revision, path or object.
        case notFound
        /// The reference was moved by someone else meanwhile.
        case conflict
        /// The remote's rules forbid it: a protected branch, a hook.
        case refused
        /// The text is no valid revision or reference name.
        case invalid
        /// The repository or its address uses a feature of git that is not supported here.
        case unsupported
        /// The remote wants credentials, and those at hand are missing or refused.
        case unauthorized
        /// The remote does not answer.
        case unreachable
        /// The remote's certificate or host key is not one that this user trusts.
        case untrusted
        /// The caller's task was cancelled.
        case cancelled
        case other
    }

    package let kind: Kind
    /// One sentence: what failed on what, with libgit2's own words.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }
}

/// Turns a libgit2 call's negative result into an error. It is called in the same synchronous frame as the call itself,
/// because libgit2 keeps the error's text per thread.
func check(_ status: CInt, _ what: @autoclosure () -> String) throws(GitError) {
    guard status < 0 else { return }
    throw GitError(status, what())
}

extension GitError {
    init(_ status: CInt, _ what: String) {
        let detail: String? =
            if let last = unsafe git_error_last(), let text = unsafe last.pointee.message {
                unsafe String(cString: text)
            } else { nil }
        // What libgit2 1.5 says of a foreign repository when no such setting exists at all.
        if status == GIT_ENOTFOUND.rawValue, detail?.contains("'safe.directory' was not found") == true {
            self.init(.foreignOwner, "\(what): it belongs to another user")
            return
        }
        if let detail, let error = Self.unsupported(what, detail) {
            self = error
            return
        }
        let kind: Kind =
            switch git_error_code(rawValue: status) {
            case GIT_ENOTFOUND, GIT_EUNBORNBRANCH: .notFound
            case GIT_EEXISTS, GIT_EMODIFIED, GIT_ELOCKED: .conflict
            case GIT_EOWNER: .foreignOwner
            case GIT_EINVALIDSPEC, GIT_EAMBIGUOUS: .invalid
            default: .other
            }
        self.init(kind, detail.map { "\(what): \($0)" } ?? what)
    }

    /// What libgit2 says of a repository that it cannot read; it has no status of its own for that.
    private static func unsupported(_ what: String, _ detail: String) -> GitError? {
        guard detail.hasPrefix("unsupported extension name") || detail.hasPrefix("unsupported repository version")
        else { return nil }
        if detail.hasSuffix("extensions.objectformat") {
            return GitError(.unsupported, "\(what): it names objects by SHA-256, and only SHA-1 is supported")
        }
        return GitError(.unsupported, "\(what): \(detail)")
    }
}

/// The references that several writers move: those of a repository on this host or, where that is a copy of a remote,
/// those of the remote.
///
/// Every move is compare-and-swap. In a repository of this host git's own locks see to it; at a remote the push is for
/// one expected value, is never forced, and what it moved is moved in the copy too.
package struct SharedReferences: Sendable {
    /// Has all objects, and the references as they were seen last.
    package let repository: GitRepository
    private let remote: RemoteCopy?

    /// The references of a repository on this host.
    package init(of repository: GitRepository) {
        self.repository = repository
        remote = nil
    }

    /// The references of a remote, and an up-to-date copy of it.
    ///
    /// - Parameters: as `GitRepository.cached(url:in:environment:checkout:)` has them.
    /// - Throws: as it does.
    package init(
        of url: String, copiedTo folder: String, environment: [String: String], checkout: String? = nil
    ) async throws(GitError) {
        let copy = try await RemoteCopy(of: url, in: folder, environment: environment, checkout: checkout)
        repository = copy.repository
        remote = copy
    }

    /// Claims that moves are pushed to a remote.
    package var isRemote: Bool { remote != nil }

    /// The remote's address without credentials, `nil` without a remote.
    package var address: String? { remote?.address }

    /// One text for where they are, however that is spelled: the remote's `place`, else the git directory.
    package var place: String { remote?.place ?? repository.commonDirectory }

    /// Where a reference points, as far as is known here: `refresh` asks again.
    package func target(of reference: String) async throws(GitError) -> ObjectID? {
        try await repository.target(of: reference)
    }

    /// Sees what others moved meanwhile.
    package func refresh() async throws(GitError) {
        try await remote?.refresh()
    }

    /// As `GitRepository.commit(_:onto:moving:message:as:time:)`, at the remote where there is one.
    ///
    /// - Throws: `GitError` of kind `conflict` when the reference points elsewhere by now (`refresh` shows where),
    ///   `refused` when the remote's rules forbid the move.
    package func commit(
        _ changes: [TreeChange], onto parent: ObjectID?, moving reference: String, message: String,
        as authorship: Authorship, time: Int64
    ) async throws(GitError) -> ObjectID? {
        try await commit(
            changes, onto: parent, moving: reference, from: parent, message: message, as: authorship, time: time)
    }

    /// As the other one, for a branch that need not point at the parent: one that is to begin there (`nil`), or one
    /// that goes on from there. What it pointed at becomes the second parent, so that nothing is ever rewound.
    package func commit(
        _ changes: [TreeChange], onto parent: ObjectID?, moving reference: String, from tip: ObjectID?,
        message: String, as authorship: Authorship, time: Int64
    ) async throws(GitError) -> ObjectID? {
        let id = try await repository.write(
            changes, onto: parent, and: tip == parent ? nil : tip, message: message, as: authorship, time: time)
        guard let id else { return nil }
        if let remote {
            try await remote.push(id, to: reference, expecting: tip)
        } else {
            try await repository.move(reference, to: id, expecting: tip)
        }
        return id
    }
}

/// The records of builds and environments, kept in git.
package protocol StateStore: Sendable {
    /// These build records, as far as there are any; there may be others beside them.
    func builds(_ ids: [BuildRecord.ID]) async throws(Failure) -> [BuildRecord.ID: BuildRecord]

    /// Keeps the record unless there is one of that id already, and gives the one that is kept: the first writer wins.
    ///
    /// - Parameter replaced: the image of a record that gives way, because the registry lost it or its base moved.
    func keep(_ build: BuildRecord, replacing replaced: ImageReference?) async throws(Failure) -> BuildRecord

    /// Everything recorded of an environment.
    func records(of environment: String) async throws(Failure) -> [ProcessorRef: RefRecord]

    /// Writes these records in one commit; nothing happens when nothing would change.
    ///
    /// - Parameters:
    ///   - lease: what the records are written under; `nil` where nobody else can write.
    ///   - isLast: gives the lease back in the same commit.
    /// - Returns: the commit, or `nil` when no record changed.
    /// - Throws: `Failure` with `ERR_LEASE`, and nothing is written, when the lease was lost.
    func write(
        _ records: [RefRecord], environment: String, message: String, under lease: Lease?, releasing isLast: Bool
    ) async throws(Failure) -> String?

    /// Takes refs of an environment for one run, all of them or none.
    ///
    /// - Parameter seconds: how long it lasts unless it is renewed. An end that passed needs no hand.
    /// - Throws: `Failure` with `ERR_LEASE` that tells who holds which of them until when.
    func acquire(
        _ refs: [ProcessorRef], environment: String, for holder: LeaseHolder, seconds: Int
    ) async throws(Failure) -> Lease

    /// The same lease, lasting at least this long from now.
    ///
    /// - Throws: `Failure` with `ERR_LEASE` when it was lost: released, or run out and its refs taken by another run.
    func renew(_ lease: Lease, environment: String, seconds: Int) async throws(Failure) -> Lease

    /// The leases that hold refs now, by run.
    func leases(of environment: String) async throws(Failure) -> [Lease]

    /// Gives a lease back, for its holder or over its head: from then on it is lost. Nothing happens when it was already.
    func release(_ lease: Lease, environment: String) async throws(Failure)
}

extension StateStore {
    /// Writes records where nobody else can.
    package func write(
        _ records: [RefRecord], environment: String, message: String
    ) async throws(Failure) -> String? {
        try await write(records, environment: environment, message: message, under: nil, releasing: false)
    }
}

/// Writes pins into the spec files of a branch.
package protocol PinWriter: Sendable {
    /// Replaces the digests of one ref, both platforms in one commit, and gives that commit.
    ///
    /// - Throws: `Failure` with `ERR_GIT` when the branch moved so that the pin no longer fits, or cannot be moved.
    func commit(_ pins: PinChange) async throws(Failure) -> PinCommit
}

/// Where a pin went.
package struct PinCommit: Hashable, Sendable {
    package let commit: String
    /// The branch that has it now: another one than was asked for where that one is protected.
    package let branch: String
    /// What is left to do for people, told with the first pin of a run that goes there.
    package let advice: String?

    package init(commit: String, branch: String, advice: String? = nil) {
        self.commit = commit
        self.branch = branch
        self.advice = advice
    }

    /// As a clause: `in 1234567 on main`.
    package var text: String {
        "in \(commit.prefix(7)) on \(branch)" + (advice.map { " (\($0))" } ?? "")
    }
}

/// The pins of one ref that go into one commit.
package struct PinChange: Hashable, Sendable {
    package let ref: ProcessorRef
    package let specPath: String
    package let pins: [Platform: ImageReference]
    package let keys: [Platform: InputKey]
    package let run: String

    package init(
        ref: ProcessorRef, specPath: String, pins: [Platform: ImageReference], keys: [Platform: InputKey], run: String
    ) {
        self.ref = ref
        self.specPath = specPath
        self.pins = pins
        self.keys = keys
        self.run = run
    }
}

/// Gives build contexts out of git, without a checkout.
package protocol ContextSource: Sendable {
    /// Writes the context of a recipe as a deterministic tar archive to a temporary file.
    ///
    /// - Returns: the archive's path, to be removed by the caller, and the Dockerfile's path inside it.
    func archive(of recipe: BuildRecipe) async throws(Failure) -> ContextArchive
}

/// A build context on this host's disk.
package struct ContextArchive: Hashable, Sendable {
    package let path: String
    package let dockerfile: String
    package let hidden: HiddenEntries?

    package init(path: String, dockerfile: String, hidden: HiddenEntries? = nil) {
        self.path = path
        self.dockerfile = dockerfile
        self.hidden = hidden
    }
}

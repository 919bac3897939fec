/// The records of builds and environments, kept in git.
package protocol StateStore: Sendable {
    /// These build records, as far as there are any.
    func builds(_ ids: [BuildRecord.ID]) async throws(Failure) -> [BuildRecord.ID: BuildRecord]

    /// Keeps the record unless there is one of that id already, and gives the one that is kept: the first writer wins.
    ///
    /// - Parameter replaced: the image of a record that gives way, because the registry lost it or its base moved.
    func keep(_ build: BuildRecord, replacing replaced: ImageReference?) async throws(Failure) -> BuildRecord

    /// Everything recorded of an environment.
    func records(of environment: String) async throws(Failure) -> [ProcessorRef: RefRecord]

    /// Writes these records in one commit; nothing happens when nothing would change.
    ///
    /// - Returns: the commit, or `nil` when nothing changed.
    func write(_ records: [RefRecord], environment: String, message: String) async throws(Failure) -> String?
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

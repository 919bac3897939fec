import DeploymentModel
import FoundationEssentials
import Git
import Records
import RegistryCatalog

/// Gathers why a processor runs as it does, out of git alone.
struct WhyReader {
    let ref: ProcessorRef
    /// Has the specs.
    let references: SharedReferences
    /// Has the records.
    let state: SharedReferences
    /// The branch that the user is on; `nil` for HEAD.
    let branch: String?
    /// Where the user's git configuration is.
    let repo: String
    let now = Session.now()

    private var repository: GitRepository { references.repository }

    /// - Parameters:
    ///   - name: the environment.
    ///   - revision: is compared in place of what the environment reads.
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when neither the registry nor a record knows the processor.
    func read(_ name: String, at revision: String?, seen: WhyDocument.Seen) async throws(Failure) -> WhyDocument {
        let head = try await catalog(at: branch.map { "refs/heads/\($0)" } ?? "HEAD")
        let environments = try chain(name, in: head)
        let catalog: Catalog =
            if let revision {
                try await self.catalog(at: revision)
            } else if let own = environments.last?.branch, own != branch {
                try await self.catalog(ofBranch: own)
            } else { head }
        var note: String?
        var build: ProcessorBuild?
        if catalog.processors.contains(where: { $0.ref == ref }) {
            do throws(Failure) {
                build = try await ProcessorBuild(of: ref, at: catalog.commit.id.hex, in: repository)
            } catch { note = error.message }
        }
        let chain = WhyChain(
            ref: ref, environments: environments, catalog: catalog, build: build, references: references,
            // As they are here: nothing is fetched.
            state: SharedReferences(of: state.repository), store: store,
            unfinishedRuns: { environment in
                await UnfinishedRuns(
                    of: environment.name, in: repository, variables: ProcessInfo.processInfo.environment)
            }, now: now)
        let stages = try await chain.stages()
        guard let target = stages.last else { throw Failure(.spec, "there is no environment '\(name)'") }
        guard build != nil || note != nil || stages.contains(where: { $0.record != nil }) else {
            if let fault = catalog.fault(of: ref) {
                throw Failure(
                    .functionNotFound, "\(ref) has an error, and there is no record of it: \(fault.sentence)",
                    remedy: fault.fix ?? "See all: pinion validate")
            }
            throw Failure(
                .functionNotFound,
                "there is no \(ref) without errors in the registry of \(catalog.commit.short), and no record of it",
                remedy: "See what there is: pinion validate")
        }
        var document = WhyDocument(ref, environment: name, at: catalog.commit, build, seen: seen)
        document.note = note
        document.stages = stages.map(\.stage)
        document.block = Self.block(stages.map(\.stage)[...])
        document.state = target.stage.block == nil ? .runs : .blocked
        document.recorded = target.record.map { WhyDocument.Inputs($0.desired) }
        let pins = try await pinCommits(build, from: catalog.commit.id)
        document.pinned = pins.first.map { WhyDocument.Inputs($0) }
        let revision = stages.reversed().lazy.compactMap { $0.record.map { $0.applied ?? $0.desired } }.first
        if let last = environments.last {
            document.builds = try await builds(revision, build, last)
            document.pin = try await pin(revision, pins, build, last)
        }
        try await compare(&document, build, target.record, pins.first)
        return document
    }

    /// The first link that is missing. What an environment has a record of is its own matter; before that, it is that of the
    /// one that it takes over from.
    private static func block(_ stages: ArraySlice<WhyStage>) -> WhyBlock? {
        guard let target = stages.last, let block = target.block else { return nil }
        guard target.wants == nil, let source = stages.dropLast().last, source.runs == nil else { return block }
        return Self.block(stages.dropLast()) ?? block
    }

    // MARK: - The registry

    private func catalog(at revision: String) async throws(Failure) -> Catalog {
        do throws(GitError) {
            return try await Catalog(of: repository.commit(at: revision), in: repository)
        } catch { throw RevisionOptions.failure(error, repo: repo, missing: "See: git log --oneline --all") }
    }

    /// A checkout may have the branch of its remote alone.
    private func catalog(ofBranch name: String) async throws(Failure) -> Catalog {
        let places = ["refs/heads/\(name)", "refs/remotes/origin/\(name)"]
        for place in places where (try? await repository.target(of: place)) != nil {
            return try await catalog(at: place)
        }
        return try await catalog(at: places[0])
    }

    /// The environment and those that it takes over from, one after the other.
    private func chain(_ name: String, in catalog: Catalog) throws(Failure) -> [EnvironmentSpec] {
        var chain = [try EnvironmentChoice(name, on: nil).environment(of: catalog)]
        while let from = chain.last?.promotesFrom, let next = catalog.environment(named: from),
            !chain.contains(where: { $0.name == from })
        {
            chain.append(next)
        }
        return chain
    }

    /// The records of an environment, as they are here: nothing is fetched.
    private func store(of environment: EnvironmentSpec) -> GitStateStore {
        let names =
            environment.appNames == .branchUser && environment.target == .modal
            ? try? RegistrySource.names(environment, branch: branch, repo: repo) : nil
        let nobody = Authorship(Identity(name: "Pinion", email: "pinion@localhost"))
        return GitStateStore(
            SharedReferences(of: state.repository), as: nobody, app: names?.ownApp, time: { Int64(now) })
    }

    // MARK: - Builds and pins

    private func builds(
        _ revision: RefRecord.Revision?, _ build: ProcessorBuild?, _ environment: EnvironmentSpec
    ) async throws(Failure) -> [WhyDocument.Build] {
        let store = store(of: environment)
        var builds: [WhyDocument.Build] = []
        for (platform, key) in (revision?.keys ?? build?.inputs?.keys ?? [:]).sorted(by: { $0.key < $1.key }) {
            // A copy in another OCI registry was built for the one that it comes from.
            let places = [
                revision?.pins[platform], build?.spec.image.repository, try environment.repository(for: ref),
            ].compactMap(\.self)
            let ids = places.map { BuildRecord.ID(key, in: $0) }
            let known = try await store.builds(ids)
            guard let id = ids.first(where: { known[$0] != nil }), let record = known[id] else { continue }
            builds.append(WhyDocument.Build(record, try await store.commit(of: id).map { WhyStage.Entry($0) }))
        }
        return builds
    }

    /// The commits that pin it, the newest first.
    private func pinCommits(_ build: ProcessorBuild?, from tip: ObjectID) async throws(Failure) -> [PinTrailers] {
        guard let build else { return [] }
        do throws(GitError) {
            return try await repository.history(of: build.spec.path, from: tip).compactMap { PinTrailers($0, of: ref) }
        } catch { throw Failure(.git, error.message) }
    }

    /// Where it is said that this is what runs.
    private func pin(
        _ revision: RefRecord.Revision?, _ commits: [PinTrailers], _ build: ProcessorBuild?,
        _ environment: EnvironmentSpec
    ) async throws(Failure) -> WhyDocument.Pin? {
        guard let pins = revision?.pins ?? build?.spec.image.pins, !pins.isEmpty else { return nil }
        if let commit = commits.last(where: { Self.areSame($0.pins, pins) })?.commit {
            return WhyDocument.Pin(.commit, pins, WhyStage.Entry(commit))
        }
        do throws(GitError) {
            if let build, Self.areSame(build.spec.image.pins, pins),
                let commit = try await repository.history(of: build.spec.path, from: build.commit.id, limit: 1).first
            {
                return WhyDocument.Pin(.spec, pins, WhyStage.Entry(commit))
            }
        } catch { throw Failure(.git, error.message) }
        let past = try await store(of: environment).past(of: ref, in: environment.name)
        let commit = past.last { Self.areSame($0.record.desired.pins, pins) }?.commit
        return WhyDocument.Pin(.record, pins, commit.map { WhyStage.Entry($0) })
    }

    /// Claims that both are the same digests, in whichever OCI registries.
    private static func areSame(
        _ one: [Platform: ImageReference], _ other: [Platform: ImageReference]
    ) -> Bool { one.mapValues(\.digest) == other.mapValues(\.digest) }

    // MARK: - Inputs

    /// What changed in the inputs since they were recorded, else since the newest pin commit.
    private func compare(
        _ document: inout WhyDocument, _ build: ProcessorBuild?, _ record: RefRecord?, _ pinned: PinTrailers?
    ) async throws(Failure) {
        // A pin commit has the inputs that it pins: pins are no part of them.
        let (commit, keys) =
            record.map { ($0.desired.commit, $0.desired.keys) } ?? (pinned?.commit.id.hex, pinned?.keys)
        guard let build, let commit, let keys, let now = build.inputs else { return }
        guard now.keys != keys else {
            document.changes = []
            return
        }
        let old: ProcessorBuild
        do throws(Failure) {
            old = try await ProcessorBuild(of: ref, at: commit, in: repository)
        } catch {
            document.note = "what was built from \(commit.prefix(7)) can't be read any more: \(error.message)"
            return
        }
        guard let then = old.inputs else {
            document.note = "at \(commit.prefix(7)) it was not built here"
            return
        }
        if then.keys != keys {
            document.note = "the recorded key was computed in another way, by another version of Pinion"
        }
        do throws(GitError) {
            let difference = try await InputKeyDifference(
                from: then.context, at: old.commit.id, to: now.context, at: build.commit.id, spec: build.spec.path,
                in: repository)
            document.changes = difference.changes.map(WhyDocument.Change.init)
        } catch { throw Failure(.git, error.message) }
    }
}

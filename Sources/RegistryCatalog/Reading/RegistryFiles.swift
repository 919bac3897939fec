import DeploymentModel
import Git
import YAML

/// The files of a commit that are specs by their place.
struct RegistryFiles: Sendable {
    struct Entry: Sendable {
        let path: String
        let id: ObjectID
        /// `nil` for the environments.
        let place: SpecPath?

        var isProcessor: Bool { if case .processor = place { true } else { false } }
    }

    /// Sorted by path bytes.
    private(set) var entries: [Entry] = []
    /// What is said of places where no file stands.
    private(set) var diagnostics: [Diagnostic] = []

    /// - Parameter entries: in any order, one for each path.
    init(_ entries: [Entry]) {
        let isSorted = zip(entries, entries.dropFirst()).allSatisfy { Self.precedes($0, $1) }
        self.entries = isSorted ? entries : entries.sorted(by: Self.precedes)
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
    }

    /// - Parameter known: has them already; with `nil` the commit's tree is listed.
    init(of commit: ObjectID, in repository: GitRepository, _ known: KnownSpecs?) async throws(GitError) {
        if let known {
            self = known.files
        } else {
            self.init(try await repository.listing(of: commit).entries)
        }
    }

    init(_ tree: some Sequence<TreeEntry>) {
        for entry in tree {
            let place = SpecPath(entry.path)
            guard place != nil || entry.path == EnvironmentSpec.file else {
                if let folder = SpecPath.folder(in: entry.path) { refuse(folder: folder) }
                continue
            }
            if entry.mode == .file || entry.mode == .executable {
                entries.append(Entry(path: entry.path, id: entry.id, place: place))
            } else {
                refuse(entry)
            }
        }
    }

    private mutating func refuse(_ entry: TreeEntry) {
        diagnostics.append(
            Diagnostic(
                .error, .spec,
                "this is a \(entry.mode == .symlink ? "symbolic link" : "submodule"), it is not followed",
                file: entry.path, fix: "commit the spec itself"))
    }

    /// A folder that stands where a spec is looked for, told once however many files it holds.
    private mutating func refuse(folder: String) {
        guard diagnostics.last?.file != folder else { return }
        diagnostics.append(
            Diagnostic(
                .error, .spec, "this is a folder, and a spec is a file", file: folder,
                fix: "give the folder another name, or commit the spec itself"))
    }
}

extension GitRepository {
    /// Reads files and makes something of each, in the order of the entries.
    ///
    /// The blobs come from the repository's thread, some at a time; parsing is work for the processor alone, and so many
    /// tasks share it.
    ///
    /// - Parameter body: is handed a file's bytes, or a finding for a file that is larger than any spec.
    nonisolated func readFiles<Value: Sendable>(
        _ entries: [RegistryFiles.Entry], tasks width: Int = 2,
        _ body: @escaping @Sendable (RegistryFiles.Entry, Result<[UInt8], Diagnostic>) async throws(GitError) -> Value
    ) async throws(GitError) -> [Value] {
        let size = 64
        var starts = stride(from: 0, to: entries.count, by: size).makeIterator()
        // No group throws typed errors, so they travel in values.
        let result = await withTaskGroup(of: Result<(Int, [Value]), GitError>.self) { group in
            func addTask() {
                guard let start = starts.next() else { return }
                let chunk = Array(entries[start..<min(start + size, entries.count)])
                group.addTask {
                    do throws(GitError) {
                        return .success((start, try await self.readChunk(chunk, body)))
                    } catch { return .failure(error) }
                }
            }
            for _ in 0..<width { addTask() }
            var chunks: [(Int, [Value])] = []
            while let result = await group.next() {
                switch result {
                case .success(let chunk): chunks.append(chunk)
                case .failure(let error):
                    group.cancelAll()
                    return Result<[Value], GitError>.failure(error)
                }
                addTask()
            }
            return .success(chunks.sorted { $0.0 < $1.0 }.flatMap(\.1))
        }
        return try result.get()
    }

    private nonisolated func readChunk<Value: Sendable>(
        _ entries: [RegistryFiles.Entry],
        _ body: @Sendable (RegistryFiles.Entry, Result<[UInt8], Diagnostic>) async throws(GitError) -> Value
    ) async throws(GitError) -> [Value] {
        let limit = YAMLBudget().bytes
        var values: [Value] = []
        for (entry, content) in zip(entries, try await blobs(entries.map(\.id), atMost: limit)) {
            if let bytes = content.bytes {
                values.append(try await body(entry, .success(bytes)))
            } else {
                // A file that is larger than any spec is not even read.
                let finding = Diagnostic(
                    .error, .yamlBudget, "the file has \(content.size) bytes, \(limit) are allowed", file: entry.path,
                    fix: "make the file smaller; a spec is a page, not a data file")
                values.append(try await body(entry, .failure(finding)))
            }
        }
        return values
    }
}

import ContentCache
import DeploymentModel
import Git

/// The processors' specs of one commit as an earlier run read them.
///
/// What a later commit has at other paths is what it had before: a spec's file is judged by its path, its bytes and the
/// registry's schemas alone, and what files say of each other is looked at anew each time.
struct KnownSpecs: Sendable {
    let commit: ObjectID
    /// All files of the registry.
    private(set) var files: RegistryFiles
    /// Those of processors that could be read.
    private(set) var specs: [String: SpecFile]

    /// - Parameters:
    ///   - files: as they are in the commit, without a finding about their places.
    ///   - specs: those of processors.
    init(_ commit: ObjectID, _ files: RegistryFiles, _ specs: [String: SpecFile]) {
        self.commit = commit
        self.files = files
        self.specs = specs
    }

    /// What another commit has of it; `nil` where all has to be read: too much depends on the registry's schemas, and on
    /// what is no file where one should be.
    func carried(to other: ObjectID, in repository: GitRepository) async -> KnownSpecs? {
        guard other != commit else { return self }
        // The commit may have been cleaned away.
        guard let changes = try? await repository.changedPaths(from: commit, to: other) else { return nil }
        let paths = changes.map(\.path).filter(Catalog.reads)
        if paths.count > GitRepository.fewLookups, (try? await repository.listing(of: other)) == nil { return nil }
        var fresh: [RegistryFiles.Entry] = []
        for path in paths {
            let place = SpecPath(path)
            guard place != nil || path == EnvironmentSpec.file, place != .support(.schema) else { return nil }
            do throws(GitError) {
                guard let entry = try await repository.file(at: path, in: other) else { continue }
                guard entry.mode == .file || entry.mode == .executable else { return nil }
                fresh.append(RegistryFiles.Entry(path: path, id: entry.id, place: place))
            } catch { return nil }
        }
        return replacing(paths, by: fresh, at: other)
    }

    private func replacing(_ paths: [String], by fresh: [RegistryFiles.Entry], at commit: ObjectID) -> KnownSpecs {
        guard !paths.isEmpty else { return KnownSpecs(commit, files, specs) }
        let gone = Set(paths)
        let all = files.entries.filter { !gone.contains($0.path) } + fresh
        var specs = specs
        for path in paths { specs[path] = nil }
        return KnownSpecs(commit, RegistryFiles(all), specs)
    }
}

extension GitRepository {
    /// How many files are looked up one by one: a listing of the whole tree costs less than more of them.
    static var fewLookups: Int { 16 }
}

/// As bytes, one file for each repository.
extension KnownSpecs {
    /// What is known of a repository; `nil` where there is no file or a bad one.
    init?(of repository: GitRepository, in cache: CacheFolder) {
        let known = cache.load(Self.name(repository)) { (reader) throws(ByteReader.Malformed) in
            let commit = try reader.objectID()
            var specs: [String: SpecFile] = [:]
            let entries = try reader.list { (reader) throws(ByteReader.Malformed) in
                let path = try reader.text()
                let entry = RegistryFiles.Entry(path: path, id: try reader.objectID(), place: SpecPath(path))
                guard try reader.bool() else { return entry }
                let spec = try reader.optional { (reader) throws(ByteReader.Malformed) in
                    try ProcessorSpec(from: &reader, path: path)
                }
                let diagnostics = try reader.list { (reader) throws(ByteReader.Malformed) in
                    try reader.diagnostic(of: path)
                }
                specs[path] = SpecFile(known: path, spec, diagnostics)
                return entry
            }
            return KnownSpecs(commit, RegistryFiles(entries), specs)
        }
        guard let known else { return nil }
        self = known
    }

    /// Keeps it for later. A spec that has no canonical form, and so no hash, is left out and read again.
    func store(of repository: GitRepository, in cache: CacheFolder) {
        cache.store(Self.name(repository)) { writer in
            writer.put(raw: commit.bytes)
            writer.put(files.entries) { writer, entry in
                writer.put(entry.path)
                writer.put(raw: entry.id.bytes)
                var own: SpecFile? = specs[entry.path]
                var texts: (text: ArraySlice<UInt8>, hash: String)?
                if case .processor(let spec) = own?.content {
                    texts = try? (spec.document.canonical(), spec.specHash())
                    if texts == nil { own = nil }
                }
                writer.put(own != nil)
                guard let own else { return }
                writer.put(texts != nil)
                if case .processor(let spec) = own.content, let texts {
                    spec.write(to: &writer, text: texts.text, hash: texts.hash)
                }
                writer.put(own.findings.diagnostics) { $0.put($1, of: entry.path) }
            }
        }
    }

    private static func name(_ repository: GitRepository) -> String { "specs \(repository.gitDirectory)" }
}

package import BLAKE3
package import DeploymentModel
import FoundationEssentials
package import JSON
import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The artifact store on this host's disk, by default `$XDG_DATA_HOME/pinion/world`.
///
/// | folder | holds |
/// | --- | --- |
/// | `objects/<2 digits>/<62 digits>` | the bytes of each artifact once, read-only, by the digits of its `b3:` id |
/// | `tree/artifacts/…`, `tree/streams/…` | the world: a hard link to the object for each path |
/// | `stages/<process>.<n>/` | what runs are receiving; those of dead processes are removed |
/// | `memo/<adapter>-<digits>.json` | envelopes by memo key |
/// | `locks/` | the world prefixes that runs write below |
package struct LocalWorld: ArtifactStore {
    let root: String

    /// Opens the store, and makes it where there is none.
    ///
    /// - Throws: `Failure` with `ERR_SANDBOX` when the folder can't be made or written to.
    package init(at root: String) async throws(Failure) {
        self.root = root
        try await Self.blocking("the world \(root) can't be opened") {
            for folder in ["objects", "tree/artifacts", "tree/streams", "stages", "memo", "locks"] {
                try FileManager.default.createDirectory(
                    atPath: "\(root)/\(folder)", withIntermediateDirectories: true,
                    attributes: folder == "stages" ? [.posixPermissions: 0o700] : [:])
            }
            for folder in ["tree", "tree/artifacts", "tree/streams"] { chmod("\(root)/\(folder)", 0o755) }
            Self.removeStagesOfTheDead(in: "\(root)/stages")
        }
    }

    package var mount: String? { "\(root)/tree" }

    // MARK: Stages

    package func stage() async throws(Failure) -> String {
        let path = "\(root)/stages/\(getpid()).\(UInt64.random(in: .min ... .max))"
        try await Self.blocking("no folder for a run's files in \(root)") {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }
        return path
    }

    package func discard(_ stage: String) async {
        await Self.always { try? FolderRemoval.remove(stage) }
    }

    private static func removeStagesOfTheDead(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let process = name.split(separator: ".").first.flatMap({ pid_t($0) }),
                kill(process, 0) != 0, errno == ESRCH
            else { continue }
            let left = "\(folder)/\(name)"
            // Documents that were on their way are files.
            if unlink(left) != 0 { try? FolderRemoval.remove(left) }
        }
    }

    // MARK: Artifacts

    package func publish(_ publication: Publication) async throws(Failure) {
        // Whatever can be known to be impossible is refused before anything is there.
        try await checkRoom(for: Array(publication.outputs.keys) + publication.documents.keys)
        var kept: [WorldPath: ContentID] = [:]
        for (path, artifact) in publication.outputs {
            try await keep(artifact.file, as: artifact.contentID)
            kept[path] = artifact.contentID
        }
        for (path, id) in kept.sorted(by: { $0.key < $1.key }) { try await link(id, at: path) }
        // The index and the receipt come last: where they are, all that they tell of is.
        for (path, bytes) in publication.documents.sorted(by: { $0.key < $1.key }) {
            let file = "\(root)/stages/\(getpid()).\(UInt64.random(in: .min ... .max))"
            try await Self.blocking("a document of \(path) can't be written") {
                guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
                    throw IOError(errnoCode: errno, reason: "write")
                }
            }
            try await keep(file, as: ContentID(of: bytes))
            try await link(ContentID(of: bytes), at: path)
        }
    }

    /// - Throws: `Failure` with `ERR_OUTPUT_MISMATCH` when a path would be both a file and a folder.
    private func checkRoom(for paths: [WorldPath]) async throws(Failure) {
        let sorted = paths.sorted()
        for (path, next) in zip(sorted, sorted.dropFirst()) where next.text.hasPrefix(path.text + "/") {
            throw Self.inTheWay(path)
        }
        let tree = "\(root)/tree"
        for path in sorted {
            let isTaken: Bool = try await Self.blocking("\(path) can't be looked at") {
                var facts = stat()
                var folder = tree
                for segment in path.text.split(separator: "/").dropLast() {
                    folder += "/\(segment)"
                    guard lstat(folder, &facts) == 0 else { return false }
                    if facts.st_mode & S_IFMT != S_IFDIR { return true }
                }
                return lstat(tree + path.text, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
            }
            if isTaken { throw Self.inTheWay(path) }
        }
    }

    private static func inTheWay(_ path: WorldPath) -> Failure {
        Failure(.outputMismatch, "\(path) can't be kept: a path of the world is both a file and a folder")
    }

    package func copy(
        file: String, to path: @Sendable (ContentID) throws(Failure) -> WorldPath
    ) async throws(Failure) -> WorldPath {
        let stage = "\(root)/stages/\(getpid()).\(UInt64.random(in: .min ... .max))"
        let copied: Result<ContentID, Failure>
        do {
            copied = .success(
                try await NIOThreadPool.singleton.runIfActive { try Self.hashingCopy(of: file, to: stage) })
        } catch { copied = .failure(Failure(.inputs, "the file \(file) can't be read: \(Self.reason(error))")) }
        let id = try copied.get()
        let place = try path(id)
        try await keep(stage, as: id)
        try await link(id, at: place)
        return place
    }

    package func artifact(at path: WorldPath) async throws(Failure) -> StoredArtifact? {
        let file = "\(root)/tree\(path.text)"
        return try await Self.blocking("\(path) can't be read") {
            guard let size = Self.sizeOfFile(at: file) else { return nil }
            var hasher = ContentHasher()
            try Self.read(file) { hasher.update($0) }
            return StoredArtifact(contentID: hasher.contentID, sizeBytes: size, file: file)
        }
    }

    package func artifact(_ id: ContentID) async throws(Failure) -> StoredArtifact? {
        let file = object(id)
        return try await Self.blocking("the artifact \(id) can't be read") {
            Self.sizeOfFile(at: file).map { StoredArtifact(contentID: id, sizeBytes: $0, file: file) }
        }
    }

    private func object(_ id: ContentID) -> String { "\(root)/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))" }

    /// Moves a file to where its bytes belong. It is on the disk before it has its name.
    private func keep(_ file: String, as id: ContentID) async throws(Failure) {
        let object = object(id)
        try await Self.blocking("the artifact \(id) can't be kept") {
            guard Self.sizeOfFile(at: object) == nil else {
                unlink(file)
                return
            }
            let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
            defer { close(descriptor) }
            guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0 else {
                throw IOError(errnoCode: errno, reason: "fsync")
            }
            mkdir(String(object.prefix(object.count - 63)), 0o755)
            guard rename(file, object) == 0 else { throw IOError(errnoCode: errno, reason: "rename") }
        }
    }

    /// Makes a world path lead to an artifact, in place of what it led to before.
    private func link(_ id: ContentID, at path: WorldPath) async throws(Failure) {
        let (object, tree) = (object(id), "\(root)/tree")
        let name = "\(root)/stages/\(getpid()).\(UInt64.random(in: .min ... .max))"
        let segments = path.text.split(separator: "/").map(String.init)
        let isInTheWay: Bool = try await Self.blocking("\(path) can't be written") {
            var folder = tree
            for segment in segments.dropLast() {
                folder += "/\(segment)"
                var facts = stat()
                // Processors of other users read the world, whatever this user's mask is.
                if mkdir(folder, 0o755) == 0 {
                    chmod(folder, 0o755)
                } else if lstat(folder, &facts) != 0 || facts.st_mode & S_IFMT != S_IFDIR {
                    return true
                }
            }
            guard linkFile(object, name) == 0 else { throw IOError(errnoCode: errno, reason: "link") }
            guard rename(name, "\(tree)\(path.text)") == 0 else {
                let code = errno
                unlink(name)
                guard code == EISDIR || code == ENOTDIR else { throw IOError(errnoCode: code, reason: "rename") }
                return true
            }
            // A rename to another name of the same file does nothing.
            unlink(name)
            return false
        }
        guard !isInTheWay else { throw Self.inTheWay(path) }
    }

    // MARK: Memo

    package func recorded(_ memoKey: String, by adapter: AdapterKind) async throws(Failure) -> JSONValue? {
        let file = memoFile(memoKey, adapter)
        let bytes: Data? = try await Self.blocking("") { FileManager.default.contents(atPath: file) }
        guard let bytes, let envelope = try? JSONValue(parsing: Array(bytes)) else { return nil }
        for output in envelope["outputs"]?.arrayValue ?? [] {
            guard let id = output["cid"]?.stringValue.flatMap({ try? ContentID($0) }), try await artifact(id) != nil
            else { return nil }
        }
        return envelope
    }

    package func record(
        _ envelope: JSONValue, for memoKey: String, by adapter: AdapterKind
    ) async throws(Failure) {
        let (file, text) = (memoFile(memoKey, adapter), envelope.compact)
        let name = "\(root)/stages/\(getpid()).\(UInt64.random(in: .min ... .max))"
        try await Self.blocking("the envelope can't be recorded") {
            try Data(text.utf8).write(to: URL(filePath: name))
            // Fails where there is one already: the first one stays.
            linkFile(name, file)
            unlink(name)
        }
    }

    private func memoFile(_ memoKey: String, _ adapter: AdapterKind) -> String {
        "\(root)/memo/\(adapter.rawValue)-\(memoKey.dropFirst(3)).json"
    }
}

import ContentCache
import Git

/// Judgements that outlive a run, one file for each repository.
package struct JudgementCache: Sendable {
    private let folder: CacheFolder

    /// - Parameters: as those of `CacheFolder` are.
    package init(in folder: String, edition: String, limit: Int = 64 << 20) {
        self.folder = CacheFolder(in: folder, edition: edition, limit: limit)
    }

    /// What is known of a repository, by path; nothing where there is no file or a bad one.
    func load(_ repository: String) -> [String: KnownJudgement] {
        let all = folder.load(Self.name(repository)) { (reader) throws(ByteReader.Malformed) in
            try reader.list { (reader) throws(ByteReader.Malformed) in
                KnownJudgement(blob: try reader.objectID(), judgement: try Judgement(from: &reader))
            }
        }
        return Dictionary((all ?? []).map { ($0.judgement.path, $0) }) { $1 }
    }

    /// Keeps these judgements in place of the earlier ones. That it cannot is no failure of anything.
    func store(_ judgements: [KnownJudgement], _ repository: String) {
        folder.store(Self.name(repository)) { writer in
            writer.put(judgements) { writer, known in
                writer.put(raw: known.blob.bytes)
                known.judgement.write(to: &writer)
            }
        }
    }

    private static func name(_ repository: String) -> String { "judgements \(repository)" }
}

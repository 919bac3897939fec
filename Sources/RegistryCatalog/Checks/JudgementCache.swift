import Crypto
import FoundationEssentials
import Git

/// Judgements that outlive a run, one file for each repository.
///
/// Nothing depends on it but time. A file that is not exactly what this edition of Pinion wrote is as good as none: it
/// begins with the edition and ends with the SHA-256 of everything before.
package struct JudgementCache: Sendable {
    private let folder: String
    private let edition: String
    private let limit: Int

    /// - Parameters:
    ///   - folder: holds the files; made when missing, for this user alone.
    ///   - edition: names the build of Pinion, because another build may judge otherwise.
    ///   - limit: how many bytes all files together may have; the oldest go first.
    package init(in folder: String, edition: String, limit: Int = 64 << 20) {
        self.folder = folder
        self.edition = edition
        self.limit = limit
    }

    /// What is known of a repository, by path; nothing where there is no file or a bad one.
    func load(_ repository: String) -> [String: KnownJudgement] {
        guard let data = try? Data(contentsOf: URL(filePath: path(of: repository))), data.count > 32 else { return [:] }
        let bytes = [UInt8](data)
        let content = bytes.dropLast(32)
        guard SHA256.hash(data: content).elementsEqual(bytes.suffix(32)) else { return [:] }
        var reader = ByteReader(content)
        do throws(ByteReader.Malformed) {
            guard try reader.text() == edition else { return [:] }
            let all = try reader.list { (reader) throws(ByteReader.Malformed) in
                KnownJudgement(blob: try reader.objectID(), judgement: try Judgement(from: &reader))
            }
            return reader.isAtEnd ? Dictionary(all.map { ($0.judgement.path, $0) }) { $1 } : [:]
        } catch { return [:] }
    }

    /// Keeps these judgements in place of the earlier ones. That it cannot is no failure of anything.
    func store(_ judgements: [KnownJudgement], _ repository: String) {
        var writer = ByteWriter()
        writer.put(edition)
        writer.put(judgements) { writer, known in
            writer.put(raw: known.blob.bytes)
            known.judgement.write(to: &writer)
        }
        writer.put(raw: Array(SHA256.hash(data: writer.bytes)))
        guard writer.bytes.count <= limit else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // Written beside and renamed: a reader sees all of it or nothing.
            try Data(writer.bytes).write(to: URL(filePath: path(of: repository)), options: .atomic)
            trim()
        } catch {}
    }

    private func path(of repository: String) -> String {
        let name = SHA256.hash(data: Array(repository.utf8)).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "\(folder)/\(name.joined())"
    }

    /// Removes the oldest files until the rest is within the limit.
    private func trim() {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let facts = files.compactMap { name -> (path: String, size: Int, date: Date)? in
            let path = "\(folder)/\(name)"
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let size = attributes[.size] as? Int, let date = attributes[.modificationDate] as? Date
            else { return nil }
            return (path, size, date)
        }
        var total = 0
        for file in facts.sorted(by: { $0.date > $1.date }) {
            total += file.size
            if total > limit { try? FileManager.default.removeItem(atPath: file.path) }
        }
    }
}

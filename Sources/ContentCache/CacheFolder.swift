import Crypto
import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A folder of files that spare a later run some work, each with what one kind of work gave.
///
/// Nothing depends on it but time. A file that is not exactly what this edition of Pinion wrote for this user is as good as
/// none: it begins with the edition and the name, ends with the SHA-256 of everything before, is the user's own, and nobody else
/// may write it.
package struct CacheFolder: Sendable {
    /// So many files are read again by each run, rather than that all that is known is written anew for them.
    package static let fewReadAgain = 32

    private let folder: String
    private let edition: String
    private let limit: Int

    /// - Parameters:
    ///   - folder: holds the files; made when missing, for this user alone.
    ///   - edition: names the build of Pinion, because another build may give something else.
    ///   - limit: how many bytes all files together may have; the oldest go first.
    package init(in folder: String, edition: String, limit: Int) {
        self.folder = folder
        self.edition = edition
        self.limit = limit
    }

    /// What was kept under a name; `nil` where there is no file or a bad one, or the body finds it malformed.
    package func load<Value>(_ name: String, _ body: (inout ByteReader) throws(ByteReader.Malformed) -> Value) -> Value?
    {
        guard let bytes = Self.read(path(of: name)), bytes.count > 32 else { return nil }
        let end = bytes.count - 32
        guard SHA256.hash(data: bytes[..<end]).elementsEqual(bytes[end...]) else { return nil }
        var reader = ByteReader(bytes, upTo: end)
        do throws(ByteReader.Malformed) {
            guard try reader.text() == edition, try reader.text() == name else { return nil }
            let value = try body(&reader)
            return reader.isAtEnd ? value : nil
        } catch { return nil }
    }

    /// Keeps something in place of what was kept under the name. That it cannot is no failure of anything.
    package func store(_ name: String, _ body: (inout ByteWriter) -> Void) {
        var writer = ByteWriter()
        writer.put(edition)
        writer.put(name)
        body(&writer)
        writer.put(raw: Array(SHA256.hash(data: writer.bytes)))
        guard writer.bytes.count <= limit else { return }
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if Self.write(writer.bytes, path(of: name)) { trim() }
    }

    private func path(of name: String) -> String {
        let hash = SHA256.hash(data: Array(name.utf8)).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "\(folder)/\(hash.joined())"
    }

    /// The bytes of a regular file of this user's that nobody else may write.
    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(),
            facts.st_mode & 0o022 == 0
        else { return nil }
        let size = Int(facts.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let start = buffer.baseAddress {
                let part = readSome(file, start + count, size - count)
                guard part > 0 else { break }
                count += part
            }
        }
        return bytes.count == size ? bytes : nil
    }

    /// Writes beside and renames: a reader sees all of it or nothing.
    private static func write(_ bytes: [UInt8], _ path: String) -> Bool {
        let beside = "\(path).\(UInt64.random(in: .min ... .max))"
        let file = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        let isWritten = bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, let start = buffer.baseAddress {
                let part = writeSome(file, start + done, buffer.count - done)
                guard part > 0 else { return false }
                done += part
            }
            return true
        }
        guard close(file) == 0, isWritten, rename(beside, path) == 0 else {
            unlink(beside)
            return false
        }
        return true
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

/// As the system's `read`, without its interruptions.
private func readSome(_ file: CInt, _ start: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    while true {
        let done = read(file, start, count)
        if done >= 0 || errno != EINTR { return done }
    }
}

/// As the system's `write`, without its interruptions.
private func writeSome(_ file: CInt, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    while true {
        let done = write(file, start, count)
        if done >= 0 || errno != EINTR { return done }
    }
}

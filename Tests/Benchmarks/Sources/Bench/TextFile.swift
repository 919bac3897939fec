#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Files and folders of the benchmarks.
enum TextFile {
    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw Program.Failed(description: "\(path) cannot be written") }
        let text = Array(text.utf8)
        let count = fwrite(text, 1, text.count, file)
        guard fclose(file) == 0, count == text.count else {
            throw Program.Failed(description: "\(path) cannot be written")
        }
    }

    static func lines(of path: String) throws -> [String] {
        guard let file = fopen(path, "r") else { throw Program.Failed(description: "\(path) cannot be read") }
        defer { fclose(file) }
        var lines: [String] = []
        while let line = readLine(from: file) { lines.append(line) }
        return lines
    }

    private static func readLine(from file: UnsafeMutablePointer<FILE>) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func remove(_ path: String) { unlink(path) }

    /// A new folder for temporary files.
    static func temporaryFolder() throws -> String {
        var template = Array("/tmp/pinion-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Program.Failed(description: "/tmp cannot be written") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

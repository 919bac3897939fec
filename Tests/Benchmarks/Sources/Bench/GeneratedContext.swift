#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A repository with one processor whose build copies its whole folder: so many files of one size.
struct GeneratedContext {
    let files: Int
    /// Of each file, in bytes.
    let size: Int

    /// The folder of the processor.
    static let folder = "processors/bench_context"
    static let ref = "bench/context@1"

    /// Makes it with `git fast-import` and packs it. The same numbers give the same commit ids.
    func create(at path: String) throws {
        try Program("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]).check()
        let stream = path + ".stream"
        defer { TextFile.remove(stream) }
        try write(to: stream)
        try Program("git", ["-C", path, "fast-import", "--quiet"], input: stream).check()
        try Program("git", ["-C", path, "repack", "-adfq"]).check()
    }

    private func write(to path: String) throws {
        guard let file = fopen(path, "w") else { throw Program.Failed(description: "\(path) cannot be written") }
        func put(_ text: String) { fputs(text, file) }
        func put(_ content: [UInt8], at path: String) {
            put("M 100644 inline \(Self.folder)/\(path)\ndata \(content.count)\n")
            fwrite(content, 1, content.count, file)
            put("\n")
        }
        put("commit refs/heads/main\ncommitter Generator <bench@localhost> 1700000000 +0000\ndata 7\nContext\n")
        let spec = "ref: \(Self.ref)\nimage: {platforms: {amd64: \"sha256:pending\"}}\nbuild: {context: .}\n"
        put(Array(spec.utf8), at: "registry.yaml")
        put(Array("FROM scratch\nCOPY . /\n".utf8), at: "Dockerfile")
        var random = SeededGenerator(seed: 2)
        for number in 0..<files { put(content(&random), at: "files/\(number % 40)/\(number).bin") }
        guard fclose(file) == 0 else { throw Program.Failed(description: "\(path) cannot be written") }
    }

    /// Half of it does not shrink, as in images and models; half of it is words, as in sources.
    private func content(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 8)
        while bytes.count < size / 2 { withUnsafeBytes(of: random.next()) { bytes += $0 } }
        while bytes.count < size { bytes += Self.words[Int.random(in: 0..<Self.words.count, using: &random)] }
        return Array(bytes.prefix(size))
    }

    private static let words: [[UInt8]] = {
        var random = SeededGenerator(seed: 3)
        return (0..<2000).map { _ in Array((random.hexadecimal(Int.random(in: 2...9, using: &random)) + " ").utf8) }
    }()
}

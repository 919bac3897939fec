import FoundationEssentials
import JSON
import Subprocess
import Testing

/// Generated texts: every spelling is read for what it means, and no accident does harm.
struct GeneratedJSONTests {
    @Test(.tags(.small)) func `ten thousand documents are read for what they mean, and survive being written`() throws {
        for seed in 0..<10_000 {
            var author = JSONAuthor(seed: UInt64(seed))
            let (text, value) = author.document()
            let read = try JSONValue(parsing: text)
            guard read == value else {
                Issue.record("seed \(seed): \(text) is read as \(read.compact)")
                return
            }
            try survives(read, "seed \(seed)")
        }
    }

    @Test(.tags(.small)) func `fifty thousand damaged texts are read or refused at a place inside them`() throws {
        var accepted = 0
        for seed in 0..<50_000 {
            var author = JSONAuthor(seed: UInt64(seed))
            if try check(author.damaged(), "seed \(seed)") { accepted += 1 }
        }
        // Both happen, or the generator is of no use.
        #expect((500..<49_500).contains(accepted), "\(accepted)")
    }

    @Test(.tags(.small)) func `texts that readers disagree on are read or refused too`() throws {
        for (index, bytes) in JSONCorpus.texts.enumerated() { _ = try check(bytes, "corpus \(index)") }
    }

    /// Python's reader, told to be as strict as RFC 8259 and RFC 7493, has been written by other people.
    @Test(.tags(.medium)) func `an independent reader takes the same texts, for the same values`() async throws {
        var texts = JSONCorpus.texts.filter { $0.count < 1000 }
        for seed in 0..<4000 {
            var author = JSONAuthor(seed: UInt64(seed) &* 31)
            texts.append(seed % 4 == 0 ? Array(author.document().text.utf8) : author.damaged())
        }
        let answers = try await Self.python(texts)
        try #require(answers.count == texts.count)
        var accepted = 0
        for (bytes, answer) in zip(texts, answers) {
            let own = try? JSONValue(parsing: bytes)
            let other: JSONValue? = if answer == "-" { Optional.none } else { try JSONValue(parsing: answer) }
            if own != nil { accepted += 1 }
            #expect(own == other, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 1000 && accepted < texts.count - 1000, "\(accepted)")
    }

    /// Claims that the text is read; that it is handled well is tested on the way.
    private func check(_ bytes: [UInt8], _ name: String) throws -> Bool {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            let offset = try #require(error.place?.offset, "\(name): \(error)")
            #expect((0...bytes.count).contains(offset), "\(name): \(error)")
            return false
        }
        try survives(value, name)
        return true
    }

    private func survives(_ value: JSONValue, _ name: String) throws {
        var isSame = try JSONValue(parsing: value.compact) == value && JSONValue(parsing: value.pretty) == value
        // An integer that no double holds has no canonical form; beyond 2^53 the shortest digits of a double are no such
        // integer's either.
        if let canonical = try? value.canonical(), let again = try? JSONValue(parsing: canonical).canonical() {
            isSame = isSame && again == canonical
        }
        if !isSame { Issue.record("\(name): \(value.compact) is not read back") }
    }

    /// For each text the value as Python writes it, or `-` where it is refused.
    private static func python(_ texts: [[UInt8]]) async throws -> [String] {
        let script = """
            import json, math, sys, unicodedata

            def number(text):
                value = float(text)
                if math.isinf(value):
                    raise ValueError(text)
                return value

            def whole(text):
                number(text)
                return int(text)

            def constant(text):
                raise ValueError(text)

            def members(pairs):
                if len({unicodedata.normalize("NFC", name) for name, _ in pairs}) < len(pairs):
                    raise ValueError("twice")
                return dict(pairs)

            reader = json.JSONDecoder(
                object_pairs_hook=members, parse_float=number, parse_int=whole, parse_constant=constant)
            for line in open(sys.argv[1]):
                try:
                    value = reader.decode(bytes.fromhex(line).decode("utf-8"))
                    print(json.dumps(value, ensure_ascii=False).encode("utf-8").hex())
                except ValueError:
                    print("-")
            """
        let lines = texts.map { $0.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined() }
        let file = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let result = try await Subprocess.run(
            .name("python3"), arguments: ["-c", script, file], output: .string(limit: 64 << 20),
            error: .string(limit: 1 << 20))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        return result.standardOutput.split(separator: "\n").map { line in
            line == "-" ? "-" : String(decoding: Self.bytes(line), as: UTF8.self)
        }
    }

    private static func bytes(_ hex: Substring) -> [UInt8] {
        let digits = hex.utf8.map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

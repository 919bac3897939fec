import FoundationEssentials
import Testing
import YAML

/// A small generator of random numbers with a seed (SplitMix64), so that a failure can be run again.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// Writes YAML as people do: all styles, comments, line ends, indentations, and pins somewhere in it.
private struct Author {
    var random: Seeded
    private(set) var text = ""
    private let lineEnd: String

    init(seed: UInt64) {
        random = Seeded(seed)
        lineEnd = random.pick(["\n", "\n", "\r\n"])
    }

    mutating func write() -> String {
        if random.chance(10) { text += "\u{FEFF}" }
        if random.chance(30) { text += "# ünïcödé – 日本 \(word())" + lineEnd }
        if random.chance(10) { text += "---" + lineEnd }
        for index in 0..<Int.random(in: 1...6, using: &random) { field("k\(index)", indent: 0, depth: 0) }
        if random.chance(20), text.hasSuffix(lineEnd) { text.removeLast(lineEnd == "\r\n" ? 1 : 1) }
        return text
    }

    private mutating func word() -> String {
        random.pick([
            "alpha", "über", "x y", "日本語", "12", "true", "no", "ghcr.io/a/b", "1e3", "it's", "a#b", "0x1F", "~x",
        ])
    }

    private mutating func comment() -> String {
        random.chance(25) ? String(repeating: " ", count: Int.random(in: 1...4, using: &random)) + "# \(word())" : ""
    }

    private mutating func field(_ name: String, indent: Int, depth: Int) {
        let margin = String(repeating: " ", count: indent)
        if random.chance(15) { text += margin + "# \(word())" + lineEnd }
        if random.chance(8) { text += lineEnd }
        let key = random.chance(15) ? "\"\(name)\"" : name
        text += "\(margin)\(key):"
        switch random.pick(depth < 3 ? [0, 0, 0, 1, 2, 3, 4, 5] : [0, 3]) {
        case 1:
            text += comment() + lineEnd
            let step = random.pick([2, 4, 3])
            for index in 0..<Int.random(in: 1...3, using: &random) {
                field("\(name)\(index)", indent: indent + step, depth: depth + 1)
            }
        case 2:
            text += comment() + lineEnd
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                text += "\(margin)- \(flowScalar())\(comment())" + lineEnd
            }
        case 3: text += " {a: \(flowScalar()), \"b\": [\(flowScalar()), \(flowScalar())]}\(comment())" + lineEnd
        case 4:
            text += random.pick([" |", " >", " |-", " >+"]) + lineEnd
            for _ in 0..<Int.random(in: 1...2, using: &random) { text += margin + "  block \(word())" + lineEnd }
        case 5 where random.chance(50): text += comment() + lineEnd
        default:
            text += " " + (random.chance(10) ? "&anchor\(text.utf8.count) " : "") + flowScalar() + comment() + lineEnd
        }
    }

    private mutating func flowScalar() -> String {
        switch random.pick([0, 1, 2]) {
        case 1: "'\(word().replacing("'", with: "''"))'"
        case 2: "\"\(word()) \\u00e9\""
        default: random.pick(["sha256:pending", "ghcr.io/a/b@sha256:00", "plain", "two words", "12", "3.5", "ü"])
        }
    }
}

@Suite(.tags(.small))
struct GeneratedTextTests {
    /// `PINION_SPLICES` asks for more than the few thousand that every run does.
    private static let count = ProcessInfo.processInfo.environment["PINION_SPLICES"].flatMap { Int($0) } ?? 4_000

    private static let pin = "127.0.0.1:5000/a/b@sha256:" + String(repeating: "0123456789abcdef", count: 4)

    @Test func `a splice changes the value's bytes and no other, whatever surrounds it`() throws {
        var (edited, refused) = (0, 0)
        for seed in 0..<UInt64(Self.count) {
            var author = Author(seed: seed)
            let text = author.write()
            let source = Array(text.utf8)
            let document: YAMLDocument
            do {
                document = try YAMLDocument(source)
            } catch {
                Issue.record("seed \(seed): \(error)\n\(text)")
                continue
            }
            guard let root = document.root else { continue }
            var scalars: [YAMLNode] = []
            Self.collect(root, &scalars)
            guard !scalars.isEmpty else { continue }
            let node = author.random.pick(scalars)
            let result: [UInt8]
            do {
                result = try document.replacing([ScalarEdit(node.span, text: Self.pin)])
            } catch {
                // Block scalars are refused; nothing else is.
                let style = node.scalar?.style
                #expect(style == .literal || style == .folded, "seed \(seed): \(error)\n\(text)")
                refused += 1
                continue
            }
            edited += 1
            let (start, end) = (node.span.bytes.lowerBound, node.span.bytes.upperBound)
            let written = String(decoding: result[start..<(result.count - (source.count - end))], as: UTF8.self)
            #expect(result.prefix(start).elementsEqual(source.prefix(start)), "seed \(seed)")
            #expect(result.suffix(source.count - end).elementsEqual(source.suffix(source.count - end)), "seed \(seed)")
            #expect(
                [Self.pin, " \(Self.pin)", "'\(Self.pin)'", "\"\(Self.pin)\""].contains(written),
                "seed \(seed): \(written)")
        }
        #expect(edited > Self.count / 2)
        #expect(refused > 0)
    }

    @Test func `damaged texts are refused or read, and never a crash`() {
        for seed in 0..<UInt64(Self.count) {
            var author = Author(seed: seed)
            var bytes = Array(author.write().utf8)
            for _ in 0..<Int.random(in: 1...4, using: &author.random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &author.random)
                switch author.random.pick([0, 1, 2]) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &author.random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(author.random.pick(Array("{}[]&*!|>'\"%@`#:-?,\t\0".utf8)), at: place)
                }
            }
            guard let document = try? YAMLDocument(bytes), let root = document.root else { continue }
            var scalars: [YAMLNode] = []
            Self.collect(root, &scalars)
            for node in scalars {
                #expect(
                    node.span.bytes.lowerBound <= node.span.bytes.upperBound
                        && node.span.bytes.upperBound <= bytes.count)
                guard let result = try? document.replacing([ScalarEdit(node.span, text: Self.pin)]) else { continue }
                #expect(
                    result.prefix(node.span.bytes.lowerBound).elementsEqual(bytes.prefix(node.span.bytes.lowerBound)),
                    "seed \(seed)")
            }
        }
    }

    /// All scalars that are values and stand there themselves.
    private static func collect(_ node: YAMLNode, _ found: inout [YAMLNode]) {
        if node.isAlias { return }
        switch node.content {
        case .scalar: found.append(node)
        case .sequence(let items): for item in items { collect(item, &found) }
        case .mapping(let pairs): for pair in pairs { collect(pair.value, &found) }
        }
    }
}

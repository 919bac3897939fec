import FoundationEssentials
import Testing

@testable import YAML

/// The official yaml-test-suite, found through `PINION_SUITES`.
@Suite(.tags(.small))
struct SuiteTests {
    /// Cases that libyaml 0.2.5 itself reads otherwise than the suite wants.
    private static let exceptions: Set<String> = [
        "2JQS", "2LFX", "2SXE", "4ABK", "4MUZ/00", "4MUZ/01", "4MUZ/02", "58MP", "5MUD", "5T43", "652Z", "6BCT",
        "6CA3", "6LVF", "6M2F", "7Z25", "8XYN", "96NN/00", "96NN/01", "9C9N", "9HCY", "9JBA", "9SA2", "A2M4",
        "BEC7", "CFD4", "CVW2", "DBG4", "DK3J", "DK95/00", "DK95/01", "DK95/03", "DK95/04", "EB22", "FP8R", "FRK4",
        "G4RS", "G5U8", "HM87/00", "HM87/01", "HWV9", "JEF9/02", "K3WX", "L24T/01", "M2N8/00", "M7A3", "MUS6/00",
        "MUS6/01", "MUS6/05", "MUS6/06", "NHX8", "NJ66", "NKF9", "Q5MG", "QB6E", "QT73", "R4YG", "RHX7", "S3PD",
        "S98Z", "SM9W/01", "SU5Z", "UKK6/00", "UT92", "VJP3/01", "W4TN", "W5VH", "X4QW", "Y2GN", "Y79Y/001",
        "Y79Y/003", "Y79Y/010", "YJV2",
    ]

    @Test func `events and errors are those of the yaml-test-suite`() throws {
        guard let suites = ProcessInfo.processInfo.environment["PINION_SUITES"] else {
            print("not run: PINION_SUITES is not set")
            return
        }
        var wrong: [String] = []
        var right = 0
        for name in try Self.cases(in: suites + "/yaml") {
            let folder = "\(suites)/yaml/\(name)"
            let source = Array(try Data(contentsOf: URL(filePath: folder + "/in.yaml")))
            let isError = FileManager.default.fileExists(atPath: folder + "/error")
            let expected = isError ? nil : try String(contentsOfFile: folder + "/test.event", encoding: .utf8)
            if Self.events(source) == expected { right += 1 } else { wrong.append(name) }
        }
        print("yaml-test-suite: \(right) of \(right + wrong.count) cases as the suite has them")
        #expect(right + wrong.count > 300)
        #expect(Set(wrong) == Self.exceptions, "\(wrong)")
    }

    private static func cases(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix("/in.yaml") }
            .map { String($0.dropLast("/in.yaml".count)) }.sorted()
    }

    /// The events in the suite's notation, `nil` for a text that is refused.
    private static func events(_ source: [UInt8]) -> String? {
        try? EventReader.read(source) { (reader: inout EventReader) throws(YAMLError) in
            var lines: [String] = []
            while true {
                let event = try reader.next()
                lines.append(line(event))
                if event.kind == .streamEnd { return lines.joined(separator: "\n") + "\n" }
            }
        }
    }

    private static func line(_ event: Event) -> String {
        let properties = (event.anchor.map { " &\($0)" } ?? "") + (event.tag.map { " <\($0)>" } ?? "")
        switch event.kind {
        case .streamStart: return "+STR"
        case .streamEnd: return "-STR"
        case .documentStart(let isExplicit): return isExplicit ? "+DOC ---" : "+DOC"
        case .documentEnd(let isExplicit): return isExplicit ? "-DOC ..." : "-DOC"
        case .alias(let name): return "=ALI *\(name)"
        case .sequenceStart(let isFlow): return "+SEQ" + (isFlow ? " []" : "") + properties
        case .sequenceEnd: return "-SEQ"
        case .mappingStart(let isFlow): return "+MAP" + (isFlow ? " {}" : "") + properties
        case .mappingEnd: return "-MAP"
        case .scalar(let scalar):
            let mark =
                switch scalar.style {
                case .plain: ":"
                case .singleQuoted: "'"
                case .doubleQuoted: "\""
                case .literal: "|"
                case .folded: ">"
                }
            return "=VAL\(properties) \(mark)\(escaped(scalar.text))"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\t", with: "\\t")
            .replacing("\r", with: "\\r").replacing("\u{8}", with: "\\b")
    }
}

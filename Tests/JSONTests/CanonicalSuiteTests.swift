import FoundationEssentials
import JSON
import Testing

/// The published data of RFC 8785; found through `PINION_SUITES`, a folder that holds `jcs/testdata`.
@Suite(.tags(.medium)) struct CanonicalSuiteTests {
    @Test(arguments: ["arrays", "french", "structures", "unicode", "values", "weird"])
    func canonicalFormIsThePublishedOne(name: String) throws {
        guard let root = ProcessInfo.processInfo.environment["PINION_SUITES"] else {
            print("not run: PINION_SUITES is not set")
            return
        }
        let data = root + "/jcs/testdata"
        let input = try Data(contentsOf: URL(filePath: "\(data)/input/\(name).json"))
        let output = try Data(contentsOf: URL(filePath: "\(data)/output/\(name).json"))
        #expect(try Array(JSONValue(parsing: input).canonical().utf8) == Array(output))
    }
}

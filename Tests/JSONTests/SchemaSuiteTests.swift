import FoundationEssentials
import JSON
import Testing

/// The official test suite of JSON Schema, all that isn't optional; found through `PINION_SUITES`.
@Suite struct SchemaSuiteTests {
    static let drafts: [(String, JSONSchema.Dialect)] = [("draft7", .draft7), ("draft2020-12", .draft2020)]

    @Test(arguments: drafts)
    func everyRequiredCaseIsJudgedAsPublished(folder: String, dialect: JSONSchema.Dialect) throws {
        guard let root = ProcessInfo.processInfo.environment["PINION_SUITES"] else {
            print("not run: PINION_SUITES is not set")
            return
        }
        let remotes = try Self.documents(in: root + "/json-schema/remotes")
        let files = try Self.documents(in: "\(root)/json-schema/tests/\(folder)")
        var (cases, passed, plain) = (0, 0, 0)
        for (file, groups) in files.sorted(by: { $0.key < $1.key }) where !file.hasPrefix("optional/") {
            for group in groups.arrayValue ?? [] {
                let title = "\(file): \(group["description"]?.stringValue ?? "")"
                let tests = group["tests"]?.arrayValue ?? []
                cases += tests.count
                guard let schema = Self.compile(group["schema"] ?? nil, title, dialect, remotes) else { continue }
                for test in tests {
                    let place: Comment = "\(title): \(test["description"]?.stringValue ?? "")"
                    guard let data = test["data"], let isValid = test["valid"]?.boolValue else { continue }
                    let violations = schema.validate(data)
                    #expect(violations.isEmpty == isValid, place)
                    #expect(schema.accepts(data) == isValid, place)
                    if violations.isEmpty == isValid { passed += 1 }
                    // The short way may not know, but it may not be wrong.
                    guard let document = group["schema"], JSONSchema.plainly(document, allows: data) else { continue }
                    #expect(isValid, place)
                    plain += 1
                }
            }
        }
        print("JSON Schema \(folder): \(passed) of \(cases) cases")
        #expect(cases > 900)
        #expect(plain > 100)
    }

    /// The schema of a group; it is judged good by its meta-schema, too.
    private static func compile(
        _ document: JSONValue, _ title: String, _ dialect: JSONSchema.Dialect, _ remotes: [String: JSONValue]
    ) -> JSONSchema? {
        let resources = { (uri: String) in
            uri.hasPrefix("http://localhost:1234/") ? remotes[String(uri.dropFirst(22))] : nil
        }
        do {
            let findings = JSONSchema.check(schema: document, dialect: dialect, resources: resources)
            #expect(findings == [], "\(title)")
            return try JSONSchema(document, dialect: dialect, resources: resources)
        } catch {
            Issue.record("\(title): \(error)")
            return nil
        }
    }

    /// Every JSON document below a folder, by its path there.
    private static func documents(in folder: String) throws -> [String: JSONValue] {
        var documents: [String: JSONValue] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path.hasSuffix(".json") {
            let data = try Data(contentsOf: URL(filePath: "\(folder)/\(path)"))
            // Optional cases hold what this parser refuses for good reasons; nobody asks for them.
            documents[path] = try? JSONValue(parsing: data)
        }
        return documents
    }
}

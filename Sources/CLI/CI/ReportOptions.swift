import ArgumentParser
import DeploymentModel
import FoundationEssentials
import RegistryCatalog
import SystemPackage

/// Where the report of a lane goes.
struct ReportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write report.json, findings.sarif, code-quality.json, comment.md and the tests as JUnit XML to this folder. In CI, for a lane with 'report': pinion-reports.",
            valueName: "folder"), completion: .directory)
    var reports: String?

    @Option(
        help: ArgumentHelp("Write the tests to this file as JUnit XML.", valueName: "file"),
        completion: .file())
    var junit: String?

    @Option(
        name: .customLong("pr-comment"),
        help: ArgumentHelp(
            "Write what came of it to this file as Markdown of at most 64 KiB, for a comment.", valueName: "file"),
        completion: .file())
    var comment: String?

    /// The folder that is written to in CI where nobody names another.
    static let standardFolder = "pinion-reports"
    /// The tests in that folder, where the lane has no name for them.
    static let junitName = "junit.xml"

    /// Writes and shows what came of a lane.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS` for a file that can't be written.
    func publish(_ run: LaneRun, _ variables: [String: String]) throws(Failure) {
        var (own, hasReport, hasSummary) = (Self.junitName, false, false)
        for case .report(let name, let summary) in run.lane.steps {
            (own, hasReport, hasSummary) = (name ?? own, true, summary)
        }
        let isCI = variables["CI"]?.isEmpty == false || variables["GITHUB_ACTIONS"] == "true"
        let folder = reports ?? (isCI && hasReport ? Self.standardFolder : nil)
        let report = CIReport(run.report, plan: run.plan)
        var files: [(path: String, text: String)] = []
        if let folder {
            let texts = [
                try JSONText(run.report).text, SARIF(report.diagnostics, category: report.category).text,
                CodeQuality(report.diagnostics).text, CIPage(report).comment,
            ]
            files = (Array(zip(LaneSpec.reportFiles, texts)) + [(own, run.report.junit)]).map {
                ("\(folder)/\($0)", $1)
            }
            try SymbolicLink.refuse(on: folder, .inputs)
            for (path, _) in files {
                try SymbolicLink.refuse(on: String(path.dropFirst(folder.count + 1)), below: folder, .inputs)
            }
            do {
                let parent = "\(folder)/\(own)".split(separator: "/", omittingEmptySubsequences: false).dropLast()
                try FileManager.default.createDirectory(
                    atPath: parent.joined(separator: "/"), withIntermediateDirectories: true)
            } catch { throw Failure(.inputs, "the folder \(folder) can't be made: \(error)") }
        }
        if let junit { files.append((junit, run.report.junit)) }
        if let comment { files.append((comment, CIPage(report).comment)) }
        for path in [junit, comment].compactMap(\.self) { try SymbolicLink.refuse(on: path, .inputs) }
        for file in files { try CIFile(file.path).write(file.text.hasSuffix("\n") ? file.text : file.text + "\n") }
        try CIPublication(report, variables).publish(summary: hasSummary, reports: folder)
    }
}

/// A report, shown where GitHub looks for it.
struct CIPublication {
    private let report: CIReport
    private let variables: [String: String]

    init(_ report: CIReport, _ variables: [String: String]) {
        self.report = report
        self.variables = variables
    }

    /// - Parameters:
    ///   - summary: whether it is to be on the page of the job.
    ///   - folder: where the files of the report are.
    /// - Throws: `Failure` with `ERR_INPUTS` for a file that can't be written.
    func publish(summary: Bool = true, reports folder: String? = nil) throws(Failure) {
        if summary, let path = variables["GITHUB_STEP_SUMMARY"], !path.isEmpty {
            // Other programs of the step have their own say there, and it takes no more from all of them.
            let file = CIFile(path)
            try file.append(CIPage(report).summary(limit: CIPage.summaryLimit - file.size))
        }
        if let path = variables["GITHUB_OUTPUT"], !path.isEmpty {
            try CIFile(path).append(WorkflowOutputs(report, reports: folder).text)
        }
        guard variables["GITHUB_ACTIONS"] == "true" else { return }
        Output.commands(Annotations(report.diagnostics.filter { $0.severity != .note }).lines)
    }
}

/// A file that CI reads.
struct CIFile {
    private let path: String

    init(_ path: String) { self.path = path }

    /// Bytes; 0 where there is none.
    var size: Int {
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size]
        return (size as? any BinaryInteger).map { Int($0) } ?? 0
    }

    /// Writes it anew; a link in its place is not followed.
    func write(_ text: String) throws(Failure) { try write(text, [.create, .truncate, .noFollow]) }
    func append(_ text: String) throws(Failure) { try write(text, [.create, .append]) }

    private func write(_ text: String, _ options: FileDescriptor.OpenOptions) throws(Failure) {
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: options,
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            defer { try? file.close() }
            try file.writeAll(text.utf8)
        } catch { throw Failure(.inputs, "\(path) can't be written: \(error)") }
    }
}

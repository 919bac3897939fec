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
}

/// The files that a lane leaves.
struct ReportFiles {
    /// The folder that is written to in CI where nobody names another.
    static let standardFolder = "pinion-reports"
    /// The tests in that folder, where the lane has no name for them.
    static let junitName = "junit.xml"

    private let folder: String?
    /// The names in the folder.
    private let names: [String]
    private let junit: String?
    private let comment: String?
    /// Whether the report is on the page of the job, too.
    private let hasSummary: Bool

    /// - Throws: `Failure` with `ERR_INPUTS` for a place that is behind a symbolic link, or that two of them would have.
    init(_ options: ReportOptions, of lane: LaneSpec, _ variables: [String: String]) throws(Failure) {
        var (own, hasReport, hasSummary) = (Self.junitName, false, false)
        for case .report(let name, let summary) in lane.steps {
            (own, hasReport, hasSummary) = (name ?? own, true, summary)
        }
        let isCI = variables["CI"]?.isEmpty == false || variables["GITHUB_ACTIONS"] == "true"
        folder = options.reports ?? (isCI && hasReport ? Self.standardFolder : nil)
        names = LaneSpec.reportFiles + [own]
        junit = options.junit
        comment = options.comment
        self.hasSummary = hasSummary
        try check()
    }

    /// In the order of the names, then those of single files.
    private var paths: [String] {
        (folder.map { folder in names.map { "\(folder)/\($0)" } } ?? []) + [junit, comment].compactMap(\.self)
    }

    private func check() throws(Failure) {
        if let folder {
            try SymbolicLink.refuse(on: folder, .inputs)
            for name in names { try SymbolicLink.refuse(on: name, below: folder, .inputs) }
        }
        for path in [junit, comment].compactMap(\.self) { try SymbolicLink.refuse(on: path, .inputs) }
        var taken: Set<FilePath> = []
        for path in paths {
            let place = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(path))
            guard taken.insert(place.lexicallyNormalized()).inserted else {
                throw Failure(
                    .inputs, "\(path) can't be two files of a report", remedy: "Give each a name of its own.")
            }
        }
    }

    /// Shows what came of a lane, and writes it.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS` for a file that can't be written.
    func publish(_ run: LaneRun, _ variables: [String: String]) throws(Failure) {
        let report = CIReport(run.report, plan: run.plan)
        let publication = CIPublication(report, variables)
        publication.annotate()
        // The run may have made links.
        try check()
        let page = CIPage(report).comment
        var texts: [String] = []
        if let folder {
            texts = [
                try JSONText(run.report).text, SARIF(report.diagnostics, category: report.category).text,
                CodeQuality(report.diagnostics).text, page, run.report.junit,
            ]
            do {
                let parent = "\(folder)/\(names.last ?? "")".split(separator: "/", omittingEmptySubsequences: false)
                    .dropLast()
                try FileManager.default.createDirectory(
                    atPath: parent.joined(separator: "/"), withIntermediateDirectories: true)
            } catch { throw Failure(.inputs, "the folder \(folder) can't be made: \(error)") }
        }
        if junit != nil { texts.append(run.report.junit) }
        if comment != nil { texts.append(page) }
        for (path, text) in zip(paths, texts) { try CIFile(path).write(text.hasSuffix("\n") ? text : text + "\n") }
        try publication.write(summary: hasSummary, reports: folder)
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

    /// - Throws: `Failure` with `ERR_INPUTS` for a file that can't be written.
    func publish() throws(Failure) {
        annotate()
        try write()
    }

    /// Shows what is wrong in the log.
    func annotate() { Self.annotate(report.diagnostics) }

    /// Adds to the files that later steps and the page of the job are made of.
    ///
    /// - Parameters:
    ///   - summary: whether it is to be on the page of the job.
    ///   - folder: where the files of the report are.
    /// - Throws: `Failure` with `ERR_INPUTS` for a file that can't be written.
    func write(summary: Bool = true, reports folder: String? = nil) throws(Failure) {
        if summary, let path = variables["GITHUB_STEP_SUMMARY"], !path.isEmpty {
            // Other programs of the step have their own say there, and it takes no more from all of them.
            let file = CIFile(path)
            try file.append(CIPage(report).summary(limit: CIPage.summaryLimit - file.size))
        }
        if let path = variables["GITHUB_OUTPUT"], !path.isEmpty {
            try CIFile(path).append(WorkflowOutputs(report, reports: folder).text)
        }
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

import DeploymentModel
import Reconciliation
import RegistryCatalog

extension CIReport {
    /// - Parameter plan: what was to be done, as text.
    init(_ report: LaneReport, plan: String?) {
        self.init(
            title: "lane \(report.lane)", environment: report.environment, state: report.state, commit: report.commit,
            base: report.base)
        run = report.run
        self.plan = plan
        digests = report.digests
        refs = report.selected.map { $0.map(\.ref) } ?? report.changed
        if report.selected?.isEmpty == true {
            note = "\(counted(report.changedFiles ?? 0, "changed file")), and no processor is concerned."
        }
        tables = [
            Table(
                heads: ["step", "", "", "time"],
                rows: report.steps.map { step in
                    [
                        Markdown.text(step.name.rawValue), step.state.mark, CIText.line(step.text),
                        step.seconds < 0.05 ? "" : String(EventLines.seconds(step.seconds).drop { $0 == " " }),
                    ]
                }),
            Table(
                heads: ["processor", "why"],
                rows: (report.selected ?? []).map { [CIText.code($0.ref), CIText.line($0.reason)] }),
            Self.table(of: report.digests),
        ]
        for step in report.steps {
            findings += step.diagnostics.map { Finding($0) }
            findings += step.problems.map { problem in
                Finding(
                    Diagnostic(
                        .error, problem.failure.code, problem.failure.message, file: problem.file, line: problem.line,
                        column: problem.column, fix: problem.failure.remedy),
                    ref: problem.ref, detail: problem.failure.detail)
            }
        }
    }

    /// - Parameters:
    ///   - title: the command: `reconcile`.
    ///   - findings: what is wrong with the registry, and what failed, with their places.
    ///   - state: what the command's exit code says.
    init(_ report: RunReport, title: String, plan: Plan, findings: [Finding], state: LaneReport.State) {
        self.init(title: title, environment: report.environment, state: state, commit: report.commit)
        run = report.run
        self.plan = PlanText(plan, style: .plain).text
        self.findings = findings
        refs = report.entries.filter { $0.status == .changed }.map(\.ref)
        tables = [
            Table(
                heads: ["processor", "", "done"],
                rows: report.entries.filter { $0.status != .unchanged }.map { entry in
                    let mark: LaneReport.State =
                        switch entry.status {
                        case .changed, .unchanged: .passed
                        case .failed: .failed
                        case .skipped, .interrupted: .skipped
                        }
                    return [CIText.code(entry.ref), mark.mark, CIText.line(entry.done.joined(separator: "; "))]
                })
        ]
    }

    private static func table(of digests: [ProcessorRef: [Platform: Digest]]) -> Table {
        Table(
            heads: ["processor"] + Platform.allCases.map(\.rawValue),
            rows: digests.sorted { $0.key < $1.key }.map { ref, own in
                [CIText.code(ref)]
                    + Platform.allCases.map { platform in own[platform].map { Markdown.code($0.description) } ?? "" }
            })
    }
}

/// Pieces of Markdown that others will see on a page of a hosting site.
enum CIText {
    /// Running text on one line in which nothing is mark-up and nobody is called by name.
    static func line(_ text: String) -> String {
        var result = ""
        var last: Character = " "
        for character in Markdown.text(String(text.prefix(2000)).printable) {
            result.append(character)
            // What looks like a name would send its owner a message.
            if character == "@", !last.isLetter, !last.isNumber { result += "<!-- -->" }
            last = character
        }
        return result
    }

    static func code(_ ref: ProcessorRef) -> String { Markdown.code(ref.description) }

    /// The end of a text, by whole lines, as a block.
    static func block(_ text: String, lines count: Int = 40) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).suffix(count)
        return Markdown.block(
            lines.map { String($0.prefix(400)).printable }.joined(separator: "\n"), language: "text")
    }
}

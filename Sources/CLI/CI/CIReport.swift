import DeploymentModel
import RegistryCatalog

/// What there is to show of a run where CI looks for it. Annotations, summary, comment, outputs, JUnit, SARIF and code
/// quality are views of this one value, which is made of the run's own report.
struct CIReport {
    /// Something that is wrong, with its place.
    struct Finding {
        /// `nil` for what concerns no single processor.
        let ref: ProcessorRef?
        let diagnostic: Diagnostic
        /// The end of a log or another tool's own words.
        let detail: String?

        init(_ diagnostic: Diagnostic, ref: ProcessorRef? = nil, detail: String? = nil) {
            self.ref = ref
            self.diagnostic = diagnostic
            self.detail = detail
        }
    }

    /// Rows under a head; the cells are Markdown.
    struct Table {
        let heads: [String]
        let rows: [[String]]
    }

    /// What it was: `lane pr`.
    let title: String
    let environment: String?
    let state: LaneReport.State
    /// The commit that it was about, and the one that a change begins at.
    let commit: String
    let base: String?
    var run: String?
    /// One sentence.
    var note: String?
    var tables: [Table] = []
    var findings: [Finding] = []
    /// What was to be done, as text.
    var plan: String?
    /// The processors that a change concerns, or that the run changed.
    var refs: [ProcessorRef] = []
    var digests: [ProcessorRef: [Platform: Digest]] = [:]

    init(title: String, environment: String?, state: LaneReport.State, commit: String, base: String? = nil) {
        self.title = title
        self.environment = environment
        self.state = state
        self.commit = commit
        self.base = base
    }

    var diagnostics: [Diagnostic] { findings.map(\.diagnostic) }

    /// What code scanning tells runs of different kinds apart by.
    var category: String {
        (["pinion"] + title.split(separator: " ").map(String.init) + [environment].compactMap(\.self))
            .joined(separator: "/") + "/"
    }
}

extension LaneReport.State {
    /// For Markdown.
    var mark: String {
        switch self {
        case .passed: "✅"
        case .failed: "❌"
        case .refused: "⚠️"
        case .skipped: "–"
        }
    }
}

import DeploymentModel
import FoundationEssentials
import Git
import Reconciliation

/// The runs on this host that are over and did not do all that their plans said for an environment of a repository.
struct UnfinishedRuns {
    private struct Run {
        let id: String
        let wanted: [ProcessorRef: RecordAction]
        /// By what they are about; `nil` is the run as a whole.
        let entries: [ProcessorRef?: [JournalEntry]]
    }

    /// The newest first.
    private let runs: [Run]

    init(of environment: String, in repository: GitRepository, variables: [String: String]) async {
        var runs: [Run] = []
        for folder in RunFolder.all(variables) {
            guard let plan = try? folder.unfinishedPlan(), plan.environment == environment,
                // Other repositories have environments of the same name.
                (try? await repository.commit(at: plan.commit)) != nil
            else { continue }
            runs.append(
                Run(
                    id: folder.run,
                    wanted: Dictionary(plan.items.map { ($0.ref, $0.record) }) { first, _ in first },
                    entries: Dictionary(grouping: (folder.entries ?? []).compactMap(\.self), by: \.ref)))
        }
        self.runs = runs
    }

    /// Where the newest that got to a processor ended for it; `nil` where none was about this spec and these inputs, or it
    /// brought the processor up.
    ///
    /// - Parameter keys: the inputs; empty where nothing is built.
    func failure(of ref: ProcessorRef, spec: String, keys: [Platform: InputKey]) -> FailedStep? {
        for run in runs {
            guard let wanted = run.wanted[ref], wanted.specHash == spec, wanted.keys == keys else { continue }
            let own = run.entries[ref] ?? []
            if let failed = own.first(where: { $0.kind == .failed }) { return step(failed, of: run) }
            let open = own.last { entry in
                entry.kind == .intent
                    && !own.contains { $0.kind == .done && $0.step == entry.step && $0.platform == entry.platform }
            }
            if let open { return step(open, of: run) }
            // What failed for the run as a whole, such as secrets and records.
            if let failed = run.entries[nil]?.first(where: { $0.kind == .failed }) {
                return step(failed, of: run)
            }
            if !own.isEmpty { return nil }
        }
        return nil
    }

    private func step(_ entry: JournalEntry, of run: Run) -> FailedStep {
        FailedStep(
            run: run.id, began: RunID.time(of: run.id), step: entry.step, platform: entry.platform,
            failure: entry.kind == .failed ? entry.text ?? "it failed" : nil)
    }
}

extension Workspace {
    /// Where the last tries on this host to bring up what is wanted failed, of what has passed no test since.
    func lastFailures() async -> [ProcessorRef: FailedStep] {
        let runs = await UnfinishedRuns(
            of: desired.environment, in: repository, variables: ProcessInfo.processInfo.environment)
        var failures: [ProcessorRef: FailedStep] = [:]
        for wanted in desired.processors {
            guard
                let failure = runs.failure(of: wanted.ref, spec: wanted.processor.specHash, keys: wanted.keys ?? [:])
            else { continue }
            let record = records[wanted.ref]
            let tested = wanted.isApplied(record) ? record?.evidence.compactMap(\.testedAt).max() : nil
            if let tested, let began = failure.began, began < tested { continue }
            failures[wanted.ref] = failure
        }
        return failures
    }
}

extension FailedStep {
    /// `the last run here (6b0b927a3f75, 2026-11-29T02:48:30Z) failed at build linux/arm64: ERR_IMAGE_BUILD: …`
    var sentence: String {
        let facts = [run, began.map { Timestamp(seconds: $0).text }].compactMap(\.self).joined(separator: ", ")
        let place = [step, platform?.oci].compactMap(\.self).joined(separator: " ")
        guard let failure else { return "the last run here (\(facts)) was cut off at \(place)" }
        return "the last run here (\(facts)) failed at \(place): \(failure)"
    }
}

import DeploymentModel
import Git
import Reconciliation

/// The newest run on this host that is over and did not do all that its plan said for an environment of a repository.
struct LastRun {
    private let run: String
    private let plan: Plan
    private let entries: [JournalEntry]

    /// `nil` where no such run has left its plan here.
    init?(of environment: String, in repository: GitRepository, variables: [String: String]) async {
        for folder in RunFolder.all(variables) {
            guard let plan = try? folder.unfinishedPlan(), plan.environment == environment,
                // Other repositories have environments of the same name.
                (try? await repository.commit(at: plan.commit)) != nil
            else { continue }
            run = folder.run
            self.plan = plan
            entries = (folder.entries ?? []).compactMap(\.self)
            return
        }
        return nil
    }

    /// Where it ended for a processor; `nil` where it was about another spec or other inputs, or brought it up.
    ///
    /// - Parameter keys: the inputs as they are now; empty where nothing is built.
    func failure(of ref: ProcessorRef, spec: String, keys: [Platform: InputKey]) -> FailedStep? {
        guard let item = plan.items.first(where: { $0.ref == ref }), item.record.specHash == spec,
            item.record.keys == keys
        else { return nil }
        let own = entries.filter { $0.ref == ref }
        if let failed = own.first(where: { $0.kind == .failed }) {
            return step(failed, failure: failed.text ?? "it failed")
        }
        let open = own.last { entry in
            entry.kind == .intent
                && !own.contains { $0.kind == .done && $0.step == entry.step && $0.platform == entry.platform }
        }
        return open.map { step($0, failure: nil) }
    }

    private func step(_ entry: JournalEntry, failure: String?) -> FailedStep {
        FailedStep(
            run: run, began: RunID.time(of: run), step: entry.step, platform: entry.platform, failure: failure)
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

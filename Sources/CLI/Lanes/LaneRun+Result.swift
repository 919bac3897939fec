import DeploymentModel
import FoundationEssentials
import Git
import Records
import RegistryCatalog

extension LaneRun {
    /// Keeps the result where records are, so that it can be found later. A run that was about nothing leaves none; and who
    /// may not write there, as a pull request from a fork, has done nothing wrong.
    func keep() async {
        if report.selected?.isEmpty == true, report.state == .passed { return }
        do throws(Failure) {
            let references = try await source.options.state.references(besides: source.references)
            let authorship = Authorship(
                environment: ProcessInfo.processInfo.environment, in: RepositoryPlace.path(source.options.repo),
                otherwise: Identity(name: "Pinion", email: "pinion@localhost"))
            try await GitStateStore(references, as: authorship, time: { Int64(Session.now()) }).keep(result)
        } catch { Output.note("note: the result of this run is not kept: \(error.message)") }
    }

    private var result: LaneResult {
        let refs = report.selected?.map(\.ref) ?? report.tests.map(\.ref) + report.problems.compactMap(\.ref)
        return LaneResult(
            lane: report.lane, environment: report.environment, run: report.run, commit: report.commit,
            base: report.base, platform: settings.platform, refs: Set(refs).sorted(), state: report.state.rawValue,
            steps: report.steps.map { step in
                LaneResult.Step(
                    name: step.name.rawValue, options: step.options, state: step.state.rawValue, text: step.text,
                    seconds: Self.rounded(step.seconds))
            },
            problems: report.problems.map { LaneResult.Problem(ref: $0.ref, code: $0.failure.code.rawValue) },
            startedAt: report.startedAt, seconds: Self.rounded(report.seconds))
    }

    /// To the millisecond.
    private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}

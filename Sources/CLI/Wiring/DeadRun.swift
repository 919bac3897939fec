import DeploymentModel
import FoundationEssentials

/// A run on this host that holds a lease and whose process is gone: nobody need wait until the lease ends.
struct DeadRun {
    /// What Modal is given for what was asked of it last. The driver ends a tenth of a second after its run.
    private static let rest = Duration.seconds(5)

    private let folder: RunFolder

    /// `nil` for a run that lives, or of which this host can't tell.
    init?(_ lease: Lease, variables: [String: String]) {
        guard lease.host == ProcessInfo.processInfo.hostName,
            let folder = RunFolder(of: lease.run, variables: variables), folder.isOver == true
        else { return nil }
        self.folder = folder
    }

    /// Waits until what it had begun and not ended is over, too.
    ///
    /// - Returns: `false` when the wait was cut short.
    func awaitEnd() async -> Bool {
        guard isAmidst else { return true }
        return (try? await Task.sleep(for: Self.rest)) != nil
    }

    /// Claims that it ended between the beginning and the end of a step, or may have.
    private var isAmidst: Bool {
        guard let kinds = folder.entries?.map(\.?.kind) else { return true }
        return kinds.contains(nil) || kinds.count { $0 == .intent } != kinds.count { $0 != .intent }
    }
}

import ArgumentParser
import DeploymentModel

/// Which processors of an environment a plan is about.
struct TargetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("This processor alone. Can be repeated.", valueName: "ref"))
    var target: [ProcessorRef] = []

    @Option(
        help: ArgumentHelp("The i-th of n equal parts of the processors, for CI jobs side by side.", valueName: "i/n"))
    var shard: Shard?

    /// The workspace with these processors alone.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` for one that is not wanted there.
    func narrowed(_ workspace: Workspace) throws(Failure) -> Workspace {
        let narrowed = try workspace.wanting(target)
        guard let shard else { return narrowed }
        return narrowed.wanting { shard.contains($0) }
    }
}

/// A part of the processors: `2/4`.
struct Shard: ExpressibleByArgument {
    private let index: Int
    private let count: Int

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1], count > 0, count <= 1000,
            (1...count).contains(index)
        else { return nil }
        (self.index, self.count) = (index, count)
    }

    /// By the ref alone (FNV-1a), so that every job agrees, and versions of one processor may part.
    func contains(_ ref: ProcessorRef) -> Bool {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in ref.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(hash % UInt64(count)) == index - 1
    }
}

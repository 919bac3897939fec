import Dispatch

/// Runs an actor's jobs on a thread of its own, because libgit2 blocks and the cooperative pool must not.
final class BlockingExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "pinion.git")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

import Testing

@testable import Adapters

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Stages are removed whatever a run has left in them, and nothing else is.
@Suite(.tags(.medium)) struct FolderRemovalTests {
    @Test func removesWhatIsThereAndFollowsNoLink() async throws {
        try await withTemporaryFolder { folder in
            let world = try await LocalWorld(at: "\(folder)/world")
            let stage = try await world.stage()
            mkdir("\(folder)/outside", 0o755)
            close(open("\(folder)/outside/kept", O_CREAT | O_WRONLY, 0o644))
            mkdir("\(stage)/a", 0o755)
            mkdir("\(stage)/a/b", 0o755)
            mkdir("\(stage)/empty", 0o755)
            close(open("\(stage)/a/b/c", O_CREAT | O_WRONLY, 0o400))
            symlink("\(folder)/outside", "\(stage)/a/link")
            symlink("..", "\(stage)/a/b/up")
            mkfifo("\(stage)/a/pipe", 0o600)
            // No rights for its owner, and no UTF-8.
            [CChar](Array("\(stage)/a/".utf8).map(CChar.init(bitPattern:)) + [-1, 0]).withUnsafeBufferPointer {
                _ = mkdir($0.baseAddress!, 0o700)
            }
            chmod("\(stage)/a/b", 0)
            await world.discard(stage)
            #expect(try names(in: "\(folder)/world/stages").isEmpty)
            #expect(try names(in: "\(folder)/outside") == ["kept"])
        }
    }

    @Test func aRunThatWasCancelledLeavesNothingEither() async throws {
        try await withTemporaryFolder { folder in
            let world = try await LocalWorld(at: "\(folder)/world")
            let stage = try await world.stage()
            let lock = try await world.lock("/artifacts/a/", for: "a test", seconds: 60)
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    await world.unlock(lock)
                    await world.discard(stage)
                }
            }
            #expect(try names(in: "\(folder)/world/stages").isEmpty)
            await world.unlock(try await world.lock("/artifacts/a/", for: "another", seconds: 60))
        }
    }
}

import BLAKE3
import DeploymentModel
import FoundationEssentials
import JSON
import Testing

@testable import Adapters

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The artifact store on this host's disk.
@Suite(.tags(.medium)) struct LocalWorldTests {
    /// A file of a stage as a run would leave it.
    private func artifact(_ text: String, in stage: String) throws -> ReceivedArtifacts.Artifact {
        let file = "\(stage)/\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return ReceivedArtifacts.Artifact(
            file: file, contentID: ContentID(of: Array(text.utf8)), sizeBytes: Int64(text.utf8.count))
    }

    private func text(at path: String, in world: LocalWorld) async throws -> String? {
        guard let artifact = try await world.artifact(at: try WorldPath(path)) else { return nil }
        return try String(contentsOfFile: artifact.file, encoding: .utf8)
    }

    @Test func keepsBytesOnceAndShowsThemReadOnlyAtEveryPath() async throws {
        try await withWorld { world in
            let stage = try await world.stage()
            let (first, second) = (try WorldPath("/artifacts/a/x.txt"), try WorldPath("/streams/b/y.txt"))
            try await world.publish(
                Publication(
                    outputs: [first: try artifact("same", in: stage), second: try artifact("same", in: stage)],
                    documents: [try WorldPath("/artifacts/a/outputs.json"): Array("{}".utf8)]))
            await world.discard(stage)
            #expect(try await text(at: first.text, in: world) == "same")
            #expect(try await text(at: second.text, in: world) == "same")
            #expect(try await text(at: "/artifacts/a/outputs.json", in: world) == "{}")
            let stored = try #require(try await world.artifact(at: first))
            let mode = try FileManager.default.attributesOfItem(atPath: stored.file)[.posixPermissions] as? Int
            #expect(mode == 0o444)
            let own = try #require(try await world.artifact(ContentID(of: Array("same".utf8))))
            #expect(own.sizeBytes == 4)
            #expect(try FileManager.default.contentsOfDirectory(atPath: world.root + "/stages").isEmpty)
        }
    }

    @Test func aPathCanLeadElsewhereLaterAndTheOldBytesStay() async throws {
        try await withWorld { world in
            let path = try WorldPath("/artifacts/a/x.txt")
            for text in ["one", "two", "two"] {
                let stage = try await world.stage()
                try await world.publish(Publication(outputs: [path: try artifact(text, in: stage)]))
                #expect(try await self.text(at: path.text, in: world) == text)
            }
            #expect(try await world.artifact(ContentID(of: Array("one".utf8))) != nil)
        }
    }

    @Test func nothingIsBothAFileAndAFolder() async throws {
        try await withWorld { world in
            let stage = try await world.stage()
            try await world.publish(Publication(outputs: [try WorldPath("/artifacts/a"): try artifact("x", in: stage)]))
            for path in ["/artifacts/a/b", "/artifacts/a/b/c"] {
                let publication = Publication(outputs: [try WorldPath(path): try artifact("y", in: stage)])
                let failure = await #expect(throws: Failure.self) { try await world.publish(publication) }
                #expect(failure?.code == .outputMismatch)
            }
            try await world.publish(
                Publication(outputs: [try WorldPath("/artifacts/d/e"): try artifact("z", in: stage)]))
            let folder = Publication(outputs: [try WorldPath("/artifacts/d"): try artifact("y", in: stage)])
            let failure = await #expect(throws: Failure.self) { try await world.publish(folder) }
            #expect(failure?.code == .outputMismatch)
        }
    }

    @Test func aPublicationThatCannotBeWholeLeavesNothing() async throws {
        try await withWorld { world in
            let stage = try await world.stage()
            let publication = Publication(
                outputs: [
                    try WorldPath("/artifacts/p/a"): try artifact("1", in: stage),
                    try WorldPath("/artifacts/p/a/b"): try artifact("2", in: stage),
                ], documents: [try WorldPath("/artifacts/execution/E/receipt.json"): Array("{}".utf8)])
            let failure = await #expect(throws: Failure.self) { try await world.publish(publication) }
            #expect(failure?.code == .outputMismatch)
            #expect(try keptFiles(world).isEmpty)
        }
    }

    @Test func whatIsNoRegularFileIsNotAttached() async throws {
        try await withTemporaryFolder { folder in
            let world = try await LocalWorld(at: folder + "/world")
            let pipe = folder + "/pipe"
            try #require(mkfifo(pipe, 0o600) == 0)
            for file in [pipe, "/dev/zero", folder] {
                let failure = await #expect(throws: Failure.self) {
                    try await world.copy(file: file) { _ throws(Failure) in try WorldPath("/artifacts/x") }
                }
                #expect(failure?.code == .inputs, "\(file)")
            }
        }
    }

    @Test func aLinkInTheTreeLeadsNowhere() async throws {
        try await withTemporaryFolder { folder in
            let world = try await LocalWorld(at: folder + "/world")
            let outside = folder + "/outside"
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
            try Data("secret".utf8).write(to: URL(filePath: outside + "/x"))
            try FileManager.default.createSymbolicLink(
                atPath: world.root + "/tree/artifacts/link", withDestinationPath: outside)
            try FileManager.default.createSymbolicLink(
                atPath: world.root + "/tree/artifacts/file", withDestinationPath: outside + "/x")
            #expect(try await world.artifact(at: try WorldPath("/artifacts/file")) == nil)
            let stage = try await world.stage()
            let publication = Publication(outputs: [try WorldPath("/artifacts/link/y"): try artifact("y", in: stage)])
            await #expect(throws: Failure.self) { try await world.publish(publication) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["x"])
        }
    }

    @Test func stagesOfDeadProcessesAreRemovedAndThoseOfTheLivingStay() async throws {
        try await withTemporaryFolder { folder in
            let world = try await LocalWorld(at: folder)
            let own = try await world.stage()
            let dead = folder + "/stages/\(Int32.max).1"
            try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: true)
            _ = try await LocalWorld(at: folder)
            #expect(FileManager.default.fileExists(atPath: own))
            #expect(!FileManager.default.fileExists(atPath: dead))
        }
    }

    @Test func locksKeepOthersFromTheSamePlaceAboveAndBelow() async throws {
        try await withWorld { world in
            let lock = try await world.lock("/artifacts/a/b/", for: "run 1", seconds: 60)
            for prefix in ["/artifacts/a/b/", "/artifacts/a/", "/artifacts/a/b/c/"] {
                let failure = await #expect(throws: Failure.self) {
                    try await world.lock(prefix, for: "2", seconds: 60)
                }
                #expect(failure?.code == .lease)
            }
            let beside = try await world.lock("/artifacts/a/bb/", for: "run 2", seconds: 60)
            await world.unlock(lock)
            _ = try await world.lock("/artifacts/a/b/", for: "run 3", seconds: 60)
            await world.unlock(beside)
        }
    }

    @Test func aLockEndsWithItsTimeAndWithItsHolder() async throws {
        try await withTemporaryFolder { folder in
            let world = try await LocalWorld(at: folder)
            _ = try await world.lock("/artifacts/a/", for: "brief", seconds: 0)
            _ = try await world.lock("/artifacts/a/", for: "next", seconds: 60)
            let dead: JSONValue = [
                "prefix": "/artifacts/b/", "holder": "dead", "process": .integer(Int64(Int32.max)),
                "expires": .integer(.max),
            ]
            try Data(dead.compact.utf8).write(to: URL(filePath: folder + "/locks/x.json"))
            _ = try await world.lock("/artifacts/b/", for: "heir", seconds: 60)
            try Data("no JSON".utf8).write(to: URL(filePath: folder + "/locks/y.json"))
            _ = try await world.lock("/artifacts/c/", for: "anyone", seconds: 60)
        }
    }

    @Test func aFileThatCannotBeReadIsNoInput() async throws {
        try await withWorld { world in
            let failure = await #expect(throws: Failure.self) {
                try await world.copy(file: "/nowhere/at/all") { _ throws(Failure) in try WorldPath("/artifacts/x") }
            }
            #expect(failure?.code == .inputs)
        }
    }
}

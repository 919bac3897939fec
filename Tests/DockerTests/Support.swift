import DeploymentModel
import Synchronization
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

func removeFile(_ path: String) {
    unlink(path)
}

/// A folder that is gone with its owner; holds at most a socket `s`.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/pinion-docker-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        try #require(isMade)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unlink(path + "/s")
        rmdir(path)
    }
}

/// Lines from any thread.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}

/// Expects a failure with this code, whose message contains this text.
func expectFailure<Value>(
    _ code: ErrorCode, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value, check: (Failure) -> Void = { _ in }
) async {
    do {
        _ = try await body()
        Issue.record("no failure", sourceLocation: sourceLocation)
    } catch let error as Failure {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(error.message.contains(text), "\(error)", sourceLocation: sourceLocation)
        check(error)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}

/// Says of every image that it is there, for one platform.
struct FixedRegistry: ImageRegistry {
    var platform = Platform.amd64
    var pushed: Digest? = try? Digest("sha256:" + String(repeating: "ab", count: 32))

    func platforms(of image: ImageReference) async throws(Failure) -> [Platform: ImageReference] { [platform: image] }
    func platform(of image: ImageReference) async throws(Failure) -> Platform { platform }
    func inspectPair(_ images: [Platform: ImageReference]) async throws(Failure) -> [String] { [] }
    func digest(of tag: ImageReference) async throws(Failure) -> Digest? { pushed }
    func contains(_ image: ImageReference) async throws(Failure) -> Bool { true }
    func configuration(of image: ImageReference) async throws(Failure) -> ImageConfiguration {
        ImageConfiguration(command: [])
    }
    func isPublic(_ image: ImageReference) async throws(Failure) -> Bool { true }
    func tags(of repository: ImageReference) async throws(Failure) -> [String] { [] }
    func tag(_ image: ImageReference, as tag: String) async throws(Failure) {}
}

import Testing

@testable import HTTP

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension HTTPResponse {
    /// The body as text.
    func text() async throws -> String {
        String(decoding: try await collect(upTo: 1 << 20), as: UTF8.self)
    }
}

/// Something that happens once, on any thread, and can be awaited.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func fire() {
        continuation.yield()
        continuation.finish()
    }

    func wait() async {
        for await _ in stream { return }
    }
}

/// Expects a failure of this kind.
func expectFailure<Value>(
    _ kind: HTTPError.Kind, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Value,
    check: (HTTPError) -> Void = { _ in }
) async {
    do {
        _ = try await body()
        Issue.record("no failure", sourceLocation: sourceLocation)
    } catch let error as HTTPError {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
        check(error)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}

/// A folder that is gone with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/pinion-http-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        try #require(isMade)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in ["s", "f"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

/// An open file with these bytes.
final class TemporaryFile: Sendable {
    let descriptor: Int32
    private let folder: TemporaryFolder

    init(_ bytes: [UInt8]) throws {
        folder = try TemporaryFolder()
        descriptor = open(folder.path + "/f", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    deinit {
        close(descriptor)
    }
}

import Git
import TestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A port that takes connections and never says a word.
private final class SilentServer: Sendable {
    let port: Int
    private let descriptor: CInt

    init() throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (socket, size) = (descriptor, length)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                // The kernel takes connections for a listener that never accepts.
                if bind(socket, pointer, size) != 0 || listen(socket, 8) != 0 { return CInt(-1) }
                return getsockname(socket, pointer, &length)
            }
        }
        try #require(status == 0)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}

/// libgit2 waits for a remote for ever; Pinion does not.
@Suite(.tags(.medium))
struct SilenceTests {
    @Test(arguments: ["http", "git", "ssh", "https"])
    func `a remote that never answers is given up, in words`(scheme: String) async throws {
        let server = try SilentServer()
        let folder = try TemporaryFolder()
        let url = "\(scheme)://127.0.0.1:\(server.port)/x.git"
        let error = await #expect(throws: GitError.self) {
            try await GitRepository.cached(
                url: url, in: folder.path + "/caches", environment: GitCheckout.environment(home: folder.path),
                silence: .milliseconds(200))
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.message == "\(url) has not answered for 0.2 s")
    }

    @Test func `work on this side and a slow person are no silence of the remote`() async throws {
        let origin = try GitCheckout(["a": "1"])
        let server = try GitServer(root: origin.folder.path, user: "me", password: "secret")
        let helper = "!f() { sleep 6; echo username=me; echo password=secret; }; f"
        var environment = GitCheckout.environment(home: origin.folder.path)
        environment["GIT_CONFIG_COUNT"] = "1"
        environment["GIT_CONFIG_KEY_0"] = "credential.helper"
        environment["GIT_CONFIG_VALUE_0"] = helper
        let copy = try await GitRepository.cached(
            url: "http://127.0.0.1:\(server.http)/work/.git", in: origin.folder.path + "/caches",
            environment: environment, silence: .seconds(5))
        #expect(try await copy.target(of: "refs/heads/main") != nil)
    }
}

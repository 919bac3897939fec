import FoundationEssentials
import Git
import TestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A remote repository with one commit on `main`, a home and a folder for caches.
private struct Remote {
    let checkout: GitCheckout
    let home: TemporaryFolder
    var environment: [String: String]

    var root: String { checkout.folder.path }
    var caches: String { home.path + "/caches" }

    init() throws {
        checkout = try GitCheckout(["a": "1"])
        home = try TemporaryFolder()
        environment = GitCheckout.environment(home: home.path)
    }

    func cached(_ url: String, checkout: String? = nil) async throws(GitError) -> GitRepository {
        try await GitRepository.cached(
            url: url, in: caches, environment: environment, checkout: checkout ?? home.path)
    }

    /// Writes the user's configuration.
    func configure(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: home.path + "/.gitconfig"))
    }

    /// Everything that is in the caches' files outside of packs, to look for secrets in.
    func everything() throws -> String {
        try FileManager.default.subpathsOfDirectory(atPath: caches).map { path in
            let bytes = try? Data(contentsOf: URL(filePath: caches + "/" + path))
            return path + "\n" + String(decoding: bytes ?? Data(), as: UTF8.self)
        }.joined()
    }

    /// A program that plays a credential helper or askpass, and notes its calls.
    func program(_ name: String, _ lines: String) throws -> String {
        let path = home.path + "/" + name
        try Data("#!/bin/sh\necho \"$1\" >>'\(path).log'\n\(lines)\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    func calls(_ name: String) -> [String] {
        let text = try? Data(contentsOf: URL(filePath: "\(home.path)/\(name).log"))
        return String(decoding: text ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

@Suite(.tags(.medium))
struct CacheTests {
    private enum Transport: String, CaseIterable { case path, file, git, http }

    private func url(_ transport: Transport, _ remote: Remote, _ server: GitServer) -> String {
        switch transport {
        case .path: remote.checkout.path
        case .file: "file://\(remote.checkout.path)"
        case .git: "git://127.0.0.1:\(server.daemon)/work"
        case .http: "http://127.0.0.1:\(server.http)/work/.git"
        }
    }

    @Test(arguments: Transport.allCases)
    private func `a copy has all branches, tags and records, and follows what is added, moved and removed`(
        _ transport: Transport
    ) async throws {
        let remote = try Remote()
        let origin = remote.checkout
        let first = try origin.git(["rev-parse", "HEAD"])
        for name in ["refs/heads/old", "refs/heads/dir", "refs/tags/v1", "refs/pinion/env/dev", "refs/other/x"] {
            try origin.git(["update-ref", name, first])
        }
        let server = try GitServer(root: remote.root)
        let address = url(transport, remote, server)
        let copy = try await remote.cached(address)
        #expect(copy.isBare)
        #expect(try await copy.commit(at: "HEAD").id.hex == first)
        #expect(try await copy.headBranch() == "main")
        for name in ["refs/heads/old", "refs/tags/v1", "refs/pinion/env/dev"] {
            #expect(try await copy.target(of: name)?.hex == first)
        }
        #expect(try await copy.target(of: "refs/other/x") == nil)

        try origin.git(["branch", "--quiet", "-D", "old", "dir"])
        try origin.git(["update-ref", "-d", "refs/pinion/env/dev"])
        let second = try origin.commit(["a": "2"])
        try origin.git(["update-ref", "refs/heads/dir/below", second])
        try origin.git(["tag", "--force", "v1"])
        try origin.git(["tag", "--annotate", "v2", "--message", "two"])
        try origin.git(["checkout", "--quiet", "--orphan", "fresh"])
        try origin.commit(["b": "3"])
        try origin.git(["branch", "--quiet", "--move", "--force", "fresh", "main"])
        let third = try origin.git(["rev-parse", "HEAD"])
        let again = try await remote.cached(address)
        #expect(again.gitDirectory == copy.gitDirectory)
        #expect(try await again.commit(at: "main").id.hex == third)
        #expect(try await again.commit(at: "v1").id.hex == second)
        #expect(try await again.commit(at: "v2").id.hex == second)
        #expect(try await again.target(of: "refs/heads/dir/below")?.hex == second)
        for name in ["refs/heads/old", "refs/heads/dir", "refs/pinion/env/dev"] {
            #expect(try await again.target(of: name) == nil)
        }
    }

    @Test func `a fetch brings the new objects alone`() async throws {
        let remote = try Remote()
        var state: UInt64 = 1
        let noise = (0..<200_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return String(state >> 33, radix: 36)
        }.joined()
        try remote.checkout.commit(["large": noise])
        let server = try GitServer(root: remote.root)
        let url = "http://127.0.0.1:\(server.http)/work/.git"
        let packs = try await remote.cached(url).gitDirectory + "objects/pack"
        let before = Set(try FileManager.default.contentsOfDirectory(atPath: packs))
        try remote.checkout.commit(["a": "2"])
        _ = try await remote.cached(url)
        let new = Set(try FileManager.default.contentsOfDirectory(atPath: packs)).subtracting(before)
        let sizes = try new.map { try FileManager.default.attributesOfItem(atPath: packs + "/" + $0)[.size] as? Int }
        #expect(new.contains { $0.hasSuffix(".pack") })
        #expect(sizes.allSatisfy { $0 ?? .max < 10_000 })
    }

    @Test func `an empty remote gives an empty copy`() async throws {
        let remote = try Remote()
        let empty = try GitCheckout()
        let copy = try await remote.cached(empty.path)
        #expect(try await copy.target(of: "refs/heads/main") == nil)
        try empty.commit(["a": "1"])
        #expect(try await remote.cached(empty.path).target(of: "refs/heads/main") != nil)
    }

    @Test func `eight at once make one copy`() async throws {
        let remote = try Remote()
        let folders = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await remote.cached(remote.checkout.path).gitDirectory } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(folders.count == 1)
        let copy = try GitRepository(at: #require(folders.first))
        #expect(try await copy.commit(at: "main").message == "change\n")
    }

    @Test func `what an interrupted creation left is made good`() async throws {
        let remote = try Remote()
        let path = try await remote.cached(remote.checkout.path).gitDirectory
        for name in ["config", "objects", "refs"] { try FileManager.default.removeItem(atPath: path + name) }
        #expect(try await remote.cached(remote.checkout.path).commit(at: "main").message == "change\n")
    }

    @Test func `a cancelled task fetches nothing`() async throws {
        let remote = try Remote()
        let error = await #expect(throws: GitError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await remote.cached(remote.checkout.path)
                }
                try await group.waitForAll()
            }
        }
        #expect(error?.kind == .cancelled)
    }

    // MARK: What is refused

    @Test(arguments: ["no-such-folder", "file:///no/such/folder"])
    func `a path without a repository is told as such`(_ url: String) async throws {
        let remote = try Remote()
        let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
        #expect(error?.kind == .notARepository)
    }

    @Test(arguments: ["", "ftp://host/x", "https:///x", "http://host:99999/x", "https://u:topsecret%0a@host/x"])
    func `no address is told as such, and not repeated`(_ url: String) async throws {
        let remote = try Remote()
        let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
        #expect(error?.kind == .invalid)
        #expect(error?.message.contains("topsecret") == false)
    }

    @Test(arguments: [Transport.path, .git, .http])
    private func `a repository that names objects by SHA-256 is refused`(_ transport: Transport) async throws {
        var remote = try Remote()
        let sha256 = try GitCheckout(["a": "1"], options: ["--object-format=sha256"])
        let server = try GitServer(root: sha256.folder.path)
        let address =
            switch transport {
            case .git: "git://127.0.0.1:\(server.daemon)/work"
            case .http: "http://127.0.0.1:\(server.http)/work/.git"
            default: sha256.path
            }
        remote.environment["NO_PROXY"] = "*"
        let error = await #expect(throws: GitError.self) { try await remote.cached(address) }
        #expect(error?.kind == .unsupported)
        #expect(error?.message.contains("SHA-256") == true)
        let opened = #expect(throws: GitError.self) { try GitRepository(at: sha256.path) }
        #expect(opened?.kind == .unsupported)
    }

    @Test func `a server that has no such repository, or is not there, is told as such`() async throws {
        let remote = try Remote()
        let server = try GitServer(root: remote.root)
        for (url, kind) in [
            ("http://127.0.0.1:\(server.http)/none", GitError.Kind.notFound),
            ("git://127.0.0.1:\(server.daemon)/none", .notFound),
            ("http://127.0.0.1:1/none", .unreachable), ("git://127.0.0.1:1/none", .unreachable),
            ("https://no-such-host.invalid/none", .unreachable),
        ] {
            let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
            #expect(error?.kind == kind, "\(url): \(error?.message ?? "")")
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can give a folder away"))
    func `a repository of another user is refused`() async throws {
        let remote = try Remote()
        #expect(chown(remote.checkout.path, 12_345, 12_345) == 0)
        #expect(chown(remote.checkout.path + "/.git", 12_345, 12_345) == 0)
        let fetched = await #expect(throws: GitError.self) { try await remote.cached(remote.checkout.path) }
        #expect(fetched?.kind == .foreignOwner)
        let opened = #expect(throws: GitError.self) { try GitRepository(at: remote.checkout.path) }
        #expect(opened?.kind == .foreignOwner)
    }

    // MARK: Shallow and detached

    @Test func `a shallow clone is read as far as it goes, and is no source for a copy`() async throws {
        let remote = try Remote()
        let old = try remote.checkout.git(["rev-parse", "HEAD"])
        let new = try remote.checkout.commit(["a": "2"])
        let shallow = try GitCheckout(cloning: "file://" + remote.checkout.path, options: ["--depth", "1"])
        try shallow.git(["checkout", "--quiet", "--detach"])
        let repository = try GitRepository(at: shallow.path)
        let head = try await repository.commit(at: "HEAD")
        #expect(head.id.hex == new)
        #expect(head.parents.map(\.hex) == [old])
        #expect(try await repository.headBranch() == nil)
        #expect(try await repository.history(of: "a", from: head.id).map(\.id) == [head.id])
        #expect(try await repository.workTreeCommit().tree == head.tree)
        let error = await #expect(throws: GitError.self) { try await remote.cached(shallow.path) }
        #expect(error?.kind == .unsupported)
    }
}

@Suite(.tags(.medium))
struct CredentialTests {
    private func served(
        _ remote: Remote, header: String? = nil
    ) throws -> (server: GitServer, url: String) {
        let server = try GitServer(root: remote.root, user: "me", password: "top:secret", header: header)
        return (server, "http://127.0.0.1:\(server.http)/work/.git")
    }

    @Test func `a credential helper lets in, and hears that it did`() async throws {
        let remote = try Remote()
        let (server, url) = try served(remote)
        let helper = try remote.program("helper", "[ $1 = get ] && printf 'username=me\\npassword=top:secret\\n'")
        try remote.configure("[credential]\nhelper = \(helper)\n")
        #expect(try await remote.cached(url).commit(at: "main").message == "change\n")
        #expect(remote.calls("helper") == ["get", "store"])
        #expect(try !remote.everything().contains("top:secret"))
        #expect(!server.requests.isEmpty)
    }

    @Test func `a helper whose credentials are refused hears that, and nobody else does`() async throws {
        let remote = try Remote()
        let (server, url) = try served(remote)
        let helper = try remote.program("helper", "[ $1 = get ] && printf 'username=me\\npassword=wrongsecret\\n'")
        try remote.configure("[credential]\nhelper = \(helper)\n")
        let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
        #expect(error?.kind == .unauthorized)
        #expect(error?.message == "\(url) refuses the credentials that git's helpers give")
        #expect(remote.calls("helper") == ["get", "erase"])
        #expect(server.requests.contains { $0.contains("Basic") })
    }

    @Test func `askpass lets in`() async throws {
        var remote = try Remote()
        let (server, url) = try served(remote)
        remote.environment["GIT_ASKPASS"] = try remote.program(
            "askpass", "case $1 in User*) echo me;; *) echo top:secret;; esac")
        #expect(try await remote.cached(url).commit(at: "main").message == "change\n")
        #expect(remote.calls("askpass").count == 2)
        #expect(!server.requests.isEmpty)
    }

    @Test func `without credentials it is said that they are wanted`() async throws {
        let remote = try Remote()
        let (server, url) = try served(remote)
        let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
        #expect(error?.kind == .unauthorized)
        #expect(error?.message == "\(url) wants credentials, and git's credential helpers have none")
        #expect(!server.requests.isEmpty)
    }

    @Test func `without a git program it is said that credentials are wanted`() async throws {
        var remote = try Remote()
        let (server, url) = try served(remote)
        remote.environment["PATH"] = "/nowhere"
        let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
        #expect(error?.kind == .unauthorized)
        #expect(!server.requests.isEmpty)
    }

    @Test func `credentials of an address let in, and are neither stored nor shown`() async throws {
        let remote = try Remote()
        let (server, url) = try served(remote)
        let good = url.replacing("http://", with: "http://me:top%3Asecret@")
        let copy = try await remote.cached(good)
        #expect(try await copy.commit(at: "main").message == "change\n")
        #expect(try !remote.everything().contains("secret"))
        #expect(try remote.everything().contains(url))
        let error = await #expect(throws: GitError.self) {
            try await remote.cached(url.replacing("http://", with: "http://me:bad%2Dsecret@"))
        }
        #expect(error?.kind == .unauthorized)
        #expect(error?.message.contains("secret") == false)
        #expect(error?.message.contains("@") == false)
        #expect(server.requests.count > 3)
    }

    @Test func `the header of a checkout's own configuration lets in`() async throws {
        let remote = try Remote()
        let (server, url) = try served(remote, header: "Bearer ci-secret")
        let checkout = try GitCheckout(["x": "1"])
        let place = url.dropLast("work/.git".count)
        try checkout.git(["config", "http.\(place).extraheader", "Authorization: Bearer ci-secret"])
        #expect(try await remote.cached(url, checkout: checkout.path).commit(at: "main").message == "change\n")
        #expect(try !remote.everything().contains("ci-secret"))
        let error = await #expect(throws: GitError.self) { try await remote.cached(url) }
        #expect(error?.kind == .unauthorized)
        #expect(!server.requests.isEmpty)
    }

    @Test func `the header of git's environment lets in, and one of another host is not sent`() async throws {
        var remote = try Remote()
        let (server, url) = try served(remote, header: "Bearer ci-secret")
        remote.environment["GIT_CONFIG_COUNT"] = "2"
        remote.environment["GIT_CONFIG_KEY_0"] = "http.http://127.0.0.1:\(server.http)/.extraheader"
        remote.environment["GIT_CONFIG_VALUE_0"] = "Authorization: Bearer ci-secret"
        remote.environment["GIT_CONFIG_KEY_1"] = "http.http://127.0.0.1:1/.extraheader"
        remote.environment["GIT_CONFIG_VALUE_1"] = "Authorization: Bearer other-secret"
        #expect(try await remote.cached(url).commit(at: "main").message == "change\n")
        #expect(!server.requests.contains { $0.contains("other-secret") })
    }

    @Test func `where a server leads elsewhere, nothing secret goes along`() async throws {
        var remote = try Remote()
        let server = try GitServer(root: remote.root)
        let url = "http://127.0.0.1:\(server.http)/moved/work/.git"
        remote.environment["GIT_CONFIG_COUNT"] = "1"
        remote.environment["GIT_CONFIG_KEY_0"] = "http.extraheader"
        remote.environment["GIT_CONFIG_VALUE_0"] = "Authorization: Bearer ci-secret"
        #expect(try await remote.cached(url).commit(at: "main").message == "change\n")
        let elsewhere = server.requests.filter { $0.contains("localhost") }
        #expect(!elsewhere.isEmpty)
        #expect(!elsewhere.contains { $0.contains("secret") })

        let (locked, _) = try served(remote)
        let error = await #expect(throws: GitError.self) {
            try await remote.cached("http://me:top%3Asecret@127.0.0.1:\(locked.http)/moved/work/.git")
        }
        #expect(error?.kind == .unauthorized)
        #expect(error?.message.contains("use that address") == true)
        #expect(!locked.requests.contains { $0.contains("localhost") && $0.contains("Basic") })
    }

    @Test func `an address is rewritten as the user's git rewrites it`() async throws {
        let remote = try Remote()
        let (server, url) = try served(remote)
        let base = url.replacing("http://", with: "http://me:top%3Asecret@").dropLast("work/.git".count)
        try remote.configure("[url \"\(base)\"]\ninsteadOf = acme:\n[url \"/nowhere/\"]\ninsteadOf = a\n")
        #expect(try await remote.cached("acme:work/.git").commit(at: "main").message == "change\n")
        #expect(try !remote.everything().contains("top"))
        #expect(!server.requests.isEmpty)
    }
}

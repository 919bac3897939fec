import FoundationEssentials
import Git
import TestSupport
import Testing

/// A bare repository behind `git http-backend` that wants credentials, and several users of it.
private struct Shared {
    let origin: GitCheckout
    let home: TemporaryFolder
    let server: GitServer
    let bare: String

    init() throws {
        origin = try GitCheckout(["a": "1"])
        bare = origin.folder.path + "/shared.git"
        try origin.git(["clone", "--quiet", "--bare", origin.path, bare])
        home = try TemporaryFolder()
        server = try GitServer(root: origin.folder.path, user: "me", password: "secret")
    }

    /// One who has a copy of his own.
    func user(_ name: String) async throws -> SharedReferences {
        try await SharedReferences(
            of: "http://me:secret@127.0.0.1:\(server.http)/shared.git", copiedTo: home.path + "/" + name,
            environment: GitCheckout.environment(home: home.path), checkout: home.path)
    }

    func tip(_ reference: String = "refs/heads/main") throws -> String {
        try origin.git(["rev-parse", reference], in: bare)
    }

    func hook(_ name: String, _ lines: String) throws {
        let path = bare + "/hooks/" + name
        try Data("#!/bin/sh\n\(lines)\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
}

extension SharedReferences {
    fileprivate func write(
        _ text: String, to path: String = "a", at reference: String = "refs/heads/main", onto parent: ObjectID? = nil
    ) async throws -> ObjectID? {
        var base = parent
        if base == nil { base = try await target(of: reference) }
        return try await commit(
            [.write(path: path, content: Array(text.utf8))], onto: base, moving: reference, message: "write",
            as: RepositoryFixture.authorship, time: 1_700_000_000)
    }
}

@Suite(.tags(.medium))
struct SharedReferencesTests {
    @Test func `a commit is pushed, and the copy's reference follows`() async throws {
        let shared = try Shared()
        let user = try await shared.user("one")
        let id = try #require(try await user.write("2"))
        #expect(try shared.tip() == id.hex)
        #expect(try await user.target(of: "refs/heads/main") == id)
        #expect(try shared.origin.git(["cat-file", "-p", "main:a"], in: shared.bare) == "2")
        #expect(try shared.origin.git(["for-each-ref", "refs/pinion-push"], in: shared.bare).isEmpty)
        #expect(user.isRemote && user.address?.contains("secret") == false)
    }

    @Test func `a reference that does not exist yet is created once`() async throws {
        let shared = try Shared()
        let (one, two) = (try await shared.user("one"), try await shared.user("two"))
        let id = try #require(try await one.write("1", at: "refs/pinion/builds"))
        #expect(try shared.tip("refs/pinion/builds") == id.hex)
        await #expect {
            _ = try await two.write("2", at: "refs/pinion/builds")
        } throws: { ($0 as? GitError)?.kind == .conflict }
        #expect(try shared.tip("refs/pinion/builds") == id.hex)
    }

    @Test func `who comes second is told, sees the first one's commit, and can go on`() async throws {
        let shared = try Shared()
        let (one, two) = (try await shared.user("one"), try await shared.user("two"))
        let first = try #require(try await one.write("2"))
        await #expect {
            _ = try await two.write("3", to: "b")
        } throws: { ($0 as? GitError)?.kind == .conflict }
        #expect(try shared.tip() == first.hex)
        try await two.refresh()
        #expect(try await two.target(of: "refs/heads/main") == first)
        let second = try #require(try await two.write("3", to: "b"))
        #expect(try shared.tip() == second.hex)
        #expect(try shared.origin.git(["cat-file", "-p", "main:a"], in: shared.bare) == "2")
    }

    @Test func `no writer's update is lost, whoever is faster`() async throws {
        let shared = try Shared()
        try await withThrowingTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    let user = try await shared.user("\(writer)")
                    for round in 0..<3 {
                        while true {
                            do {
                                _ = try await user.write("\(round)", to: "w\(writer)-\(round)")
                                break
                            } catch let error as GitError where error.kind == .conflict {
                                try await user.refresh()
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let files = try shared.origin.git(["ls-tree", "--name-only", "main"], in: shared.bare)
        #expect(files.split(separator: "\n").count == 13)
        #expect(try shared.origin.git(["rev-list", "--count", "main"], in: shared.bare) == "13")
    }

    @Test func `several moves at once through one copy wait for each other and not for ever`() async throws {
        let shared = try Shared()
        let user = try await shared.user("one")
        try await withThrowingTaskGroup { group in
            for writer in 0..<8 {
                group.addTask {
                    let id = try await user.write("x", at: "refs/pinion/env/e\(writer)")
                    try await user.refresh()
                    #expect(id != nil)
                }
            }
            try await group.waitForAll()
        }
        #expect(
            try shared.origin.git(["for-each-ref", "refs/pinion"], in: shared.bare).split(separator: "\n").count == 8)
    }

    @Test func `a protected branch is told as the remote's rule, in its words`() async throws {
        let shared = try Shared()
        try shared.hook("update", "echo protected >&2; case $1 in refs/heads/main) exit 1;; esac")
        let user = try await shared.user("one")
        let before = try shared.tip()
        await #expect {
            _ = try await user.write("2")
        } throws: { error in
            guard let error = error as? GitError else { return false }
            return error.kind == .refused && error.message.contains("hook declined")
        }
        #expect(try shared.tip() == before)
        #expect(try await user.target(of: "refs/heads/main")?.hex == before)
        #expect(try await user.write("2", at: "refs/heads/other") != nil)
    }

    @Test func `a branch goes on from another base without being rewound`() async throws {
        let shared = try Shared()
        let user = try await shared.user("one")
        func commit(_ text: String, onto parent: ObjectID?, from tip: ObjectID?) async throws -> ObjectID? {
            try await user.commit(
                [.write(path: "pin", content: Array(text.utf8))], onto: parent, moving: "refs/heads/pins", from: tip,
                message: "pin", as: RepositoryFixture.authorship, time: 0)
        }
        let base = try await user.target(of: "refs/heads/main")
        let first = try #require(try await commit("1", onto: base, from: nil))
        let next = try #require(try await user.write("2"))
        let second = try #require(try await commit("1", onto: next, from: first))
        #expect(try shared.tip("refs/heads/pins") == second.hex)
        #expect(try shared.origin.git(["show", "-s", "--format=%P", "pins"], in: shared.bare) == "\(next) \(first)")
        #expect(try shared.origin.git(["cat-file", "-p", "pins:a"], in: shared.bare) == "2")
    }

    @Test func `records of the environment local stay in the copy, whatever the remote has`() async throws {
        let shared = try Shared()
        let user = try await shared.user("one")
        let own = SharedReferences(of: user.repository)
        let id = try #require(try await own.write("x", at: "refs/pinion/env/local"))
        try await user.refresh()
        #expect(try await user.target(of: "refs/pinion/env/local") == id)
        #expect(try shared.origin.git(["for-each-ref", "refs/pinion"], in: shared.bare).isEmpty)
    }
}

@Suite(.tags(.medium))
struct AuthorshipTests {
    private let fallback = Identity(name: "Nobody", email: "n@example.com")

    @Test func `the environment counts before the configuration, for each role`() throws {
        let checkout = try GitCheckout(["a": "1"])
        var environment = checkout.environment
        environment["GIT_COMMITTER_NAME"] = nil
        environment["GIT_COMMITTER_EMAIL"] = nil
        try checkout.git(["config", "user.name", "Configured"])
        try checkout.git(["config", "user.email", "c@example.com"])
        let authorship = Authorship(environment: environment, in: checkout.path, otherwise: fallback)
        #expect(authorship.author == Identity(name: "Test", email: "test@example.com"))
        #expect(authorship.committer == Identity(name: "Configured", email: "c@example.com"))
    }

    @Test func `nobody configured is the fallback`() throws {
        let home = try TemporaryFolder()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let environment = ["PATH": path, "HOME": home.path, "GIT_CONFIG_NOSYSTEM": "1"]
        let authorship = Authorship(environment: environment, in: home.path, otherwise: fallback)
        #expect(authorship.author == fallback && authorship.committer == fallback)
    }

    @Test func `commits are signed with the ssh key that git is configured with, and git verifies them`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        let key = checkout.folder.path + "/key"
        try checkout.git(["-c", "alias.key=!ssh-keygen -q -t ed25519 -N '' -f '\(key)'", "key"])
        let publicKey = String(decoding: try Data(contentsOf: URL(filePath: key + ".pub")), as: UTF8.self)
        try Data("test@example.com \(publicKey)".utf8).write(to: URL(filePath: key + ".signers"))
        for (name, value) in [
            ("commit.gpgSign", "true"), ("gpg.format", "ssh"), ("user.signingKey", key),
            ("gpg.ssh.allowedSignersFile", key + ".signers"),
        ] { try checkout.git(["config", name, value]) }
        let repository = try GitRepository(at: checkout.path)
        let authorship = Authorship(environment: checkout.environment, in: checkout.path, otherwise: fallback)
        let tip = try await repository.target(of: "refs/heads/main")
        let id = try #require(
            try await SharedReferences(of: repository).commit(
                [.write(path: "a", content: [50])], onto: tip, moving: "refs/heads/signed", from: nil,
                message: "pin: x\n\nBody: ü\n", as: authorship, time: 1_700_000_001))
        try checkout.git(["verify-commit", id.hex])
        let text = try checkout.git(["show", "-s", "--format=%P %ct %an %B", id.hex])
        #expect(text == "\(tip?.hex ?? "") 1700000001 Test pin: x\n\nBody: ü\n")
    }

    @Test func `a key that is gone is told before anything moves`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        for (name, value) in [("commit.gpgSign", "yes"), ("gpg.format", "ssh"), ("user.signingKey", "/nowhere/key")] {
            try checkout.git(["config", name, value])
        }
        let repository = try GitRepository(at: checkout.path)
        let authorship = Authorship(environment: checkout.environment, in: checkout.path, otherwise: fallback)
        let tip = try await repository.target(of: "refs/heads/main")
        await #expect {
            _ = try await repository.commit(
                [.write(path: "a", content: [50])], onto: tip, moving: "refs/heads/main", message: "m", as: authorship,
                time: 0)
        } throws: { ($0 as? GitError)?.message.contains("commit.gpgSign") == true }
        #expect(try await repository.target(of: "refs/heads/main") == tip)
    }
}

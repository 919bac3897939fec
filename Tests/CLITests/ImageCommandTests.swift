import DeploymentModel
import FoundationEssentials
import Git
import JSON
import TestSupport
import Testing

/// Build, push, pin and verify, one by one, with a real engine, OCI registry and git server.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(10)))
struct ImageCommandTests {
    /// The pins of a spec, as they stand in its text.
    private func pins(_ text: String?) throws -> [Platform: ImageReference] {
        var pins: [Platform: ImageReference] = [:]
        for line in try #require(text).split(separator: "\n") {
            for platform in Platform.allCases where line.hasPrefix("    \(platform): ") {
                let word = line.split(separator: " ").last.map(String.init) ?? ""
                pins[platform] = try? ImageReference(word.filter { $0 != "\"" })
            }
        }
        return pins
    }

    /// An independent tool says the same of a pinned image.
    private func check(_ pins: [Platform: ImageReference]) async throws {
        #expect(pins.count == 2)
        for (platform, image) in pins {
            let (hash, config) = try await Skopeo.look(at: image)
            #expect(hash == image.digest?.description)
            #expect(config["architecture"]?.stringValue == platform.rawValue)
        }
    }

    @Test func `what is not built here is left out, and refused with a reason where it is named`() async throws {
        try await Sample.with(["text_hash"]) { sample in
            for command in ["build", "push"] {
                let all = try await Pinion.run([command, "--repo", sample.path])
                #expect(all.exitCode == 0 && all.stdout == "", "\(all.stdout)\(all.stderr)")
                let named = try await Pinion.run([command, "\(sample.namespace)/hash@1", "--repo", sample.path])
                #expect(named.exitCode == 1)
                #expect(named.stderr.contains("hash@1 is not built here"), "\(named.stderr)")
            }
        }
    }

    @Test func `two jobs build a platform each, meet in the build records, and pin the pair`() async throws {
        try await RemoteJobs.with(more: RemoteJobs.processor("pair")) { jobs in
            let ref = "\(jobs.sample.namespace)/pair@1"
            let before = try #require(try await jobs.sample.fixture.text(jobs.sample.spec("pair")))
            var pushed: [String: String] = [:]
            for (job, other) in [("amd64", "arm64"), ("arm64", "amd64")] {
                let early = try await jobs.run(["push", ref, "--platform", job], job: job)
                #expect(early.exitCode == 1)
                #expect(early.stderr.contains("pinion build \(ref) --platform \(job)"), "\(early.stderr)")
                let build = try await jobs.run(["build", ref, "--platform", job], job: job)
                #expect(build.exitCode == 0, "\(build.stderr)")
                #expect(build.stdout.hasPrefix("\(ref)  linux/\(job)  "))
                let push = try await jobs.run(["push", ref, "--platform", job, "--json"], job: job)
                #expect(push.exitCode == 0, "\(push.stderr)")
                pushed[job] = try push.json()[0]?["image"]?.stringValue

                guard pushed.count == 1 else { continue }
                let half = try await jobs.run(["pin", ref], job: job)
                #expect(half.exitCode == 1)
                #expect(half.stderr.contains("ERR_IMAGE_UNPINNED"), "\(half.stderr)")
                #expect(half.stderr.contains("linux/\(other)"), "\(half.stderr)")
                #expect(try await jobs.subjects() == ["first"])
            }
            let pin = try await jobs.run(["pin", ref], job: "pin")
            #expect(pin.exitCode == 0, "\(pin.stderr)")
            #expect(try await jobs.subjects() == ["pin: \(ref)", "first"])

            let after = try #require(try await jobs.sample.fixture.text(jobs.sample.spec("pair")))
            let pins = try pins(after)
            #expect(pins.mapValues(\.description) == [.amd64: pushed["amd64"], .arm64: pushed["arm64"]])
            try await check(pins)
            // Bytes of the pins and no others: comment, quotes and order stay.
            var expected = before.replacing(#""sha256:pending""#, with: #""\#(pushed["arm64"] ?? "")""#)
            expected = expected.replacing("sha256:pending", with: pushed["amd64"] ?? "")
            #expect(after == expected)

            let verified = try await jobs.run(["verify-pins"], job: "audit")
            #expect(verified.exitCode == 0, "\(verified.stdout)")
            #expect(verified.stdout == "2 pinned images, all there.\n")
            let kept = try await jobs.run(["verify-pins", "--keep-list"], job: "audit")
            #expect(kept.stdout.split(separator: "\n").map(String.init).sorted() == pushed.values.sorted())
            #expect(try await jobs.run(["pin", ref], job: "pin").stdout.contains("pinned already"))

            let tip = try await jobs.git("rev-parse", "main")
            let run = try await jobs.run(["reconcile", "--json"], job: "deploy")
            #expect(run.exitCode == 0, "\(run.stderr)")
            #expect(try run.json()["counts"]?["build"] == nil)
            #expect(try run.json()["counts"]?["pin"] == nil)
            #expect(try await jobs.git("rev-parse", "main") == tip)
        }
    }

    @Test func `a pinned image that the registry has lost is named by verify-pins, with who wants it`() async throws {
        try await RemoteJobs.with(more: RemoteJobs.processor("lost")) { jobs in
            let ref = "\(jobs.sample.namespace)/lost@1"
            let digest = "sha256:" + String(repeating: "0", count: 64)
            let none = "\(Components.registry)/\(jobs.sample.namespace)/lost@\(digest)"
            let spec = try #require(try await jobs.sample.fixture.text(jobs.sample.spec("lost")))
            try await jobs.sample.fixture.commit([
                jobs.sample.spec("lost"): spec.replacing("sha256:pending", with: none)
            ])
            let verified = try await jobs.run(["verify-pins"], job: "audit")
            #expect(verified.exitCode == 1)
            #expect(verified.stdout.contains("\(none)  is gone"), "\(verified.stdout)\(verified.stderr)")
            #expect(verified.stdout.contains("\(ref) arm64 on "), "\(verified.stdout)")
        }
    }

    @Test func `the same commit in another folder, and a comment in the spec, give the same key and no build`()
        async throws
    {
        try await Sample.with([], more: RemoteJobs.processor("same")) { sample in
            let first = try await sample.reconcile("--json")
            #expect(first.exitCode == 0, "\(first.stderr)")
            #expect(try first.json()["counts"]?["build"]?.intValue == 2)
            let ref = "\(sample.namespace)/same@1"
            let explain = ["explain-key", ref, "--json"]
            let key = try await Pinion.run(explain + ["--repo", sample.path]).stdout
            let running = try await sample.containers()

            // git's own clone: references of Pinion do not come along, the content tags of the OCI registry tell.
            let clone = sample.fixture.folder.path + "/elsewhere.git"
            let cloned = try await Pinion.run("git", ["clone", "--quiet", "--bare", sample.path, clone])
            #expect(cloned.exitCode == 0, "\(cloned.stderr)")
            #expect(try await Pinion.run(explain + ["--repo", clone]).stdout == key)
            let tip = try await sample.fixture.repository.commit(at: "main").id
            let elsewhere = try await Pinion.run(["reconcile", "--repo", clone, "--json"])
            #expect(elsewhere.exitCode == 0, "\(elsewhere.stderr)")
            #expect(try elsewhere.json()["counts"]?["build"] == nil)
            #expect(try elsewhere.json()["counts"]?["pin"] == nil)
            #expect(try await Pinion.run("git", ["-C", clone, "rev-parse", "main"]).stdout == "\(tip.hex)\n")
            let all = try await sample.containers()
            #expect(Set(all).isSuperset(of: running) && all.count == 2, "each clone has a container of its own")

            let spec = try #require(try await sample.fixture.text(sample.spec("same")))
            try await sample.fixture.commit([
                sample.spec("same"): spec.replacing("# a processor", with: "# another comment") + "# and one more\n"
            ])
            let commented = try await sample.fixture.repository.commit(at: "main").id
            let second = try await sample.reconcile()
            #expect(second.exitCode == 0, "\(second.stderr)")
            #expect(second.stdout.hasPrefix("Nothing to do"))
            #expect(try await sample.fixture.repository.commit(at: "main").id == commented)
            #expect(Set(try await sample.containers()) == Set(all))
        }
    }

    @Test(arguments: ["commit", "branch", "record"])
    func `pins go where they are asked to go`(mode: String) async throws {
        try await RemoteJobs.with(["text_hash"]) { jobs in
            let ref = "\(jobs.sample.namespace)/hash@1"
            let arguments = ["pin", ref, "--pins", mode]
            let pin = try await jobs.run(arguments, job: "one")
            #expect(pin.exitCode == 0, "\(pin.stderr)")
            let branches = try await jobs.git("for-each-ref", "--format=%(refname)", "refs/heads")
            let again = try await jobs.run(arguments, job: "one")
            #expect(again.stdout == "\(ref)  pinned already\n")
            switch mode {
            case "commit":
                #expect(try await jobs.subjects() == ["pin: \(ref)", "first"])
                #expect(branches == "refs/heads/main\n")
            case "branch":
                #expect(try await jobs.subjects() == ["first"])
                #expect(try await jobs.subjects("main..pinion/pins/main") == ["pin: \(ref)"])
                #expect(pin.stdout.contains("pinion/pins/main"), "\(pin.stdout)")
                // Merging them is all that is left to do.
                _ = try await jobs.git("update-ref", "refs/heads/main", "refs/heads/pinion/pins/main")
                let merged = try await jobs.run(["pin", ref, "--pins", "commit"], job: "two")
                #expect(merged.stdout == "\(ref)  pinned already\n")
            default:
                #expect(try await jobs.subjects() == ["first"])
                #expect(branches == "refs/heads/main\n")
                #expect(pin.stdout.contains("in the record of local"))
            }
        }
    }

    @Test func `a pin commit is by whom git says, and signed where git signs`() async throws {
        try await Sample.with(["text_hash"]) { sample in
            let folder = try TemporaryFolder()
            let key = folder.path + "/key"
            let made = try await Pinion.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])
            #expect(made.exitCode == 0, "\(made.stderr)")
            let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
            try Data("committer@example.com \(publicKey)".utf8).write(to: URL(filePath: folder.path + "/allowed"))
            let configuration = """
                [user]
                name = Configured
                email = committer@example.com
                signingkey = \(key).pub
                [commit]
                gpgsign = true
                [gpg]
                format = ssh
                [gpg "ssh"]
                allowedSignersFile = \(folder.path)/allowed
                """
            try Data(configuration.utf8).write(to: URL(filePath: folder.path + "/gitconfig"))
            var environment: [String: String?] = [
                "GIT_CONFIG_GLOBAL": folder.path + "/gitconfig", "GIT_AUTHOR_NAME": "Release Bot",
                "GIT_AUTHOR_EMAIL": "bot@example.com", "GIT_COMMITTER_NAME": nil, "GIT_COMMITTER_EMAIL": nil,
            ]
            let pin = try await Pinion.run(["pin", "--repo", sample.path], environment: environment)
            #expect(pin.exitCode == 0, "\(pin.stderr)")
            environment["GIT_AUTHOR_NAME"] = .some(nil)
            let names = try await Pinion.run(
                "git", ["-C", sample.path, "log", "-1", "--format=%an <%ae>, %cn <%ce>", "main"],
                environment: environment)
            #expect(
                names.stdout == "Release Bot <bot@example.com>, Configured <committer@example.com>\n")
            let verified = try await Pinion.run(
                "git", ["-C", sample.path, "verify-commit", "main"], environment: environment)
            #expect(verified.exitCode == 0, "\(verified.stderr)")
            #expect(verified.stderr.contains("Good \"git\" signature for committer@example.com"))
        }
    }

    @Test func `a base that moved is found, rebuilt and pinned when asked for, and only then`() async throws {
        let base = "\(Components.registry)/NS/base:1"
        try await Sample.with([], more: RemoteJobs.processor("based", base: base)) { sample in
            let name = base.replacing("NS", with: sample.namespace)
            let copied = try await Pinion.run(
                "skopeo",
                [
                    "copy", "--quiet", "--all", "--src-tls-verify=false", "--dest-tls-verify=false",
                    "docker://\(Components.registry)/pinion/python:3", "docker://\(name)",
                ])
            #expect(copied.exitCode == 0, "\(copied.stderr)")
            let first = try await sample.reconcile()
            #expect(first.exitCode == 0, "\(first.stderr)")
            let old = try pins(try await sample.fixture.text(sample.spec("based")))
            let plan = ["plan", "--repo", sample.path, "--detailed-exitcode"]
            #expect(try await Pinion.run(plan + ["--refresh-bases"]).succeeded())

            try await move(name)
            #expect(try await Pinion.run(plan).exitCode == 0, "what nobody asks for is not looked at")
            let refresh = try await Pinion.run(plan + ["--refresh-bases"])
            #expect(refresh.exitCode == 2, "\(refresh.stdout)\(refresh.stderr)")
            #expect(refresh.stdout.contains("its base moved: \(name)"), "\(refresh.stdout)")
            let second = try await sample.reconcile("--refresh-bases", "--json")
            #expect(second.exitCode == 0, "\(second.stderr)")
            #expect(try second.json()["counts"]?["build"]?.intValue == 2)

            let new = try pins(try await sample.fixture.text(sample.spec("based")))
            try await check(new)
            #expect(Set(new.values).isDisjoint(with: old.values))
            #expect(try await Pinion.run(plan).succeeded())
            #expect(try await Pinion.run(plan + ["--refresh-bases"]).succeeded())
        }
    }

    /// Puts another image behind the tag, for both platforms.
    private func move(_ tag: String) async throws {
        let folder = try TemporaryFolder()
        try Data("moved\n".utf8).write(to: URL(filePath: folder.path + "/moved"))
        try Data("FROM \(Components.registry)/pinion/python:3\nCOPY moved /moved\n".utf8)
            .write(to: URL(filePath: folder.path + "/Dockerfile"))
        let built = try await Pinion.run(
            "docker",
            [
                "buildx", "build", "--quiet", "--platform", "linux/amd64,linux/arm64", "--provenance=false", "--push",
                "--tag", tag, folder.path,
            ])
        #expect(built.exitCode == 0, "\(built.stderr)")
    }
}

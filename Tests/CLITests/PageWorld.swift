import DeploymentModel
import Docker
import FoundationEssentials
import Git
import Records
import TestSupport
import Testing

/// What a page's commands are typed in: a checkout `registry` with a remote `origin`, and a home of its own.
///
/// Processors are renamed, so that pages that are typed at the same time do not share containers and images: where a page
/// says `text/stats@1`, its world has `text4f1c2b/stats@1`.
final class PageWorld: Sendable {
    enum Kind: Sendable {
        /// A repository with a Dockerfile, and nothing of Pinion's.
        case dockerfile
        /// Of the sample registry `text/stats@1` and `text/hash@1`, with a commit that the remote does not have yet. Nothing
        /// is built.
        case sample
        /// Of the sample registry `text/stats@1` and `llm/litellm@1`, on a stand-in of Modal: `staging` runs the second
        /// revision of both, `main` the first.
        case released

        var isCopy: Bool { if case .released = self { true } else { false } }
    }

    let home: TemporaryFolder
    /// What is added to the namespaces of the sample registry.
    let mark: String
    let standIn: StandIn?

    init(_ kind: Kind) async throws {
        home = try TemporaryFolder()
        if case .released = kind {
            let origin = try await Self.released.value
            mark = origin.mark
            for folder in ["registry", "origin.git", "standin"] {
                try FileManager.default.copyItem(
                    atPath: "\(origin.home.path)/\(folder)", toPath: "\(home.path)/\(folder)")
            }
            // A stand-in removes the containers with its label, which each has for itself.
            let state = URL(filePath: home.path + "/standin/state.json")
            let label = "\"\(String(UInt32.random(in: .min ... .max), radix: 16))\""
            try Data(
                String(decoding: Data(contentsOf: state), as: UTF8.self)
                    .replacing(/("label": ?)"[0-9a-f]+"/) { "\($0.output.1)\(label)" }.utf8
            ).write(to: state)
            standIn = try StandIn(folder: home.path + "/standin", withDocker: true)
            try await makeHome()
            try await require(Self.more)
            return
        }
        mark = String(UInt32.random(in: 0x100000...0xffffff), radix: 16)
        standIn = nil
        try await makeHome()
        switch kind {
        case .dockerfile:
            try write(
                "registry/processors/text\(mark)_stats/Dockerfile",
                "FROM \(Components.registry)/pinion/python:3\nCOPY server.py /\nEXPOSE 8000\n"
                    + "ENTRYPOINT [\"python3\", \"/server.py\"]\n")
            try write(
                "registry/processors/text\(mark)_stats/server.py",
                PythonProcessor(writing: "stats.txt", "b\"1\"").text)
            try await require("git init -q -b main")
        case .sample, .released:
            try await makeSample(
                """
                rm -r registry/processors/llm_litellm registry/processors/media_metadata
                git add . && git commit -qm first && git push -q origin main
                """)
            try await require(Self.change)
        }
    }

    /// Makes the world that those of the kind `released` are copies of.
    private init(releasing _: Void) async throws {
        home = try TemporaryFolder()
        mark = String(UInt32.random(in: 0x100000...0xffffff), radix: 16)
        standIn = try StandIn(folder: home.path + "/standin", withDocker: true)
        try await makeHome()
        try await makeSample(
            """
            rm -r registry/processors/text_hash registry/processors/media_metadata
            git add . && git commit -qm first && git push -q origin main
            export OPENAI_API_KEY=not-a-real-key
            pinion lane run staging --remote origin
            pinion lane run main --remote origin
            git pull -q --rebase origin main
            perl -pi -e 's/timeout_s: /timeout_s: 1/' registry/processors/*/registry.yaml
            git commit -qam 'More time' && git push -q origin main
            pinion lane run staging --remote origin
            git pull -q --rebase origin main
            git fetch -q origin 'refs/pinion/*:refs/pinion/*'
            """)
        standIn?.end()
    }

    /// Made once, for all pages.
    private static let released = Task { try await PageWorld(releasing: ()) }

    /// A commit that is not pushed.
    private static let change = """
        perl -pi -e 's/"words"/"terms"/' registry/processors/text_stats/app/processor.py
        git commit -qam 'Say terms' && git branch feature
        """

    /// What pages take for granted: files of values and inputs, a repository for the records, and a run that is at it.
    private static let more = """
        \(change)
        (umask 077 && echo OPENAI_API_KEY=another >staging.env)
        echo '{"schema":"v1","params":{"prompt":"Why?"}}' >question.json
        git clone -q --mirror ../origin.git ../deployments.git
        """

    private func makeSample(_ script: String) async throws {
        for folder in ["registry", "pipelines"] {
            for (path, text) in try Sample.files(below: folder) {
                let text = text.replacing("127.0.0.1:5075/local", with: "\(Components.registry)/docs\(mark)")
                try write(
                    "registry/\(own("\(folder)/\(path)"))",
                    // Mock runs need no LiteLLM, and an image of it takes its time.
                    own(text).replacing("wheels-litellm:", with: "wheels-websockets:")
                        .replacing("127.0.0.1:5075", with: Components.registry))
            }
        }
        try await require("git init -q -b main && git init -q --bare -b main ../origin.git")
        try await require("git remote add origin ../origin.git\n" + script)
    }

    /// A user whose key signs, who has a program that knows secrets, and completions for two shells.
    private func makeHome() async throws {
        try write("home/.gitconfig", "[user]\n\tsigningkey = \(home.path)/home/key\n[gpg]\n\tformat = ssh\n")
        try write("bin/op", "#!/bin/sh\necho a-value\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: home.path + "/bin/op")
        for folder in ["home/.config/fish/completions", "home/zsh", "registry"] {
            try FileManager.default.createDirectory(
                atPath: "\(home.path)/\(folder)", withIntermediateDirectories: true)
        }
        try await require("ssh-keygen -q -t ed25519 -N '' -f ~/key")
    }

    private func write(_ path: String, _ text: String) throws {
        let file = URL(filePath: "\(home.path)/\(path)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// A text with this world's names in place of the sample registry's, however they are spelled.
    func own(_ text: String) -> String {
        text.replacing(/(^|[^a-z0-9])(text|llm|media)([\/_-](?:stats|hash|litellm|metadata))/) { match in
            "\(match.output.1)\(match.output.2)\(mark)\(match.output.3)"
        }
    }

    /// Types a command into bash, in the checkout; what it prints on both streams is its `stdout`.
    func type(_ command: String) async throws -> Pinion.Outcome {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let python = (StandIn.python ?? "").split(separator: "/").dropLast().map { "/" + $0 }.joined()
        var variables: [String: String?] = GitCheckout.environment(home: home.path + "/home").mapValues { $0 }
        variables["GIT_AUTHOR_DATE"] = .some(nil)
        variables["GIT_COMMITTER_DATE"] = .some(nil)
        variables.merge(standIn?.variables.mapValues { $0 } ?? [:]) { $1 }
        let more: [String: String?] = [
            "PATH": "\(home.path)/bin:\(Pinion.products):\(python):\(path)", "GIT_USER": "ada",
            "GIT_EDITOR": "sh -c 'echo A change >$1' --", "XDG_STATE_HOME": home.path + "/state",
            "XDG_CACHE_HOME": home.path + "/cache", "XDG_DATA_HOME": home.path + "/data",
            "XDG_CONFIG_HOME": nil, "OPENAI_API_KEY": nil, "BASE": "origin/main",
            "MODAL_PROXY_KEY": standIn?.proxyKey.key, "MODAL_PROXY_SECRET": standIn?.proxyKey.secret,
        ]
        variables.merge(more) { $1 }
        let script = "exec 2>&1 </dev/null\nset -e\nfpath=(. ~/zsh)\n" + own(command)
        return try await Pinion.run("bash", ["-c", script], in: home.path + "/registry", environment: variables)
    }

    private func require(_ command: String) async throws {
        let run = try await type(command)
        try #require(run.exitCode == 0, "\(command)\n\(run.stdout)")
    }

    /// Lets a run that there is not hold a processor of `staging`.
    ///
    /// - Parameter repository: whose records say so: `registry/.git` or `origin.git`.
    func hold(_ ref: String, run: String, in repository: String) async throws {
        let repository = try GitRepository(at: "\(home.path)/\(repository)")
        let store = GitStateStore(
            SharedReferences(of: repository), as: RepositoryFixture.authorship,
            time: { Int64(Date().timeIntervalSince1970) })
        _ = try await store.acquire(
            [ProcessorRef(own(ref))], environment: "staging",
            for: LeaseHolder(holder: "Ann", host: "one", run: run), seconds: 600)
    }

    /// Removes what it has in the engine.
    func clean() async throws {
        standIn?.end()
        for container in try await Sample.engine().containers() where container.ref.namespace.hasSuffix(mark) {
            try? await Sample.engine().remove(container.id, graceSeconds: 1)
        }
        let names = "reference=\(Components.registry)/*/*\(mark)*"
        let images = try await Pinion.run("docker", ["image", "ls", "-q", "--filter", names])
        let ids = Set(images.stdout.split(separator: "\n").map(String.init))
        if !ids.isEmpty { _ = try await Pinion.run("docker", ["image", "rm", "--force"] + ids.sorted()) }
    }
}

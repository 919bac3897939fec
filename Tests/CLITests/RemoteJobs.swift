import FoundationEssentials
import Git
import TestSupport
import Testing

/// A sample behind an address, as CI jobs have it: `git http-backend` serves it, and each job has a cache of its own.
struct RemoteJobs {
    let sample: Sample
    private let server: GitServer
    private let folder: TemporaryFolder

    /// The address of the sample's repository.
    var url: String { "http://127.0.0.1:\(server.http)/registry.git" }

    init(_ sample: Sample) throws {
        self.sample = sample
        server = try GitServer(root: sample.fixture.folder.path)
        folder = try TemporaryFolder()
    }

    /// Runs a command on the address, in the job of this name.
    func run(
        _ arguments: [String], job: String, environment: [String: String?] = [:]
    ) async throws -> Pinion.Outcome {
        let cache = "\(folder.path)/\(job)"
        try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
        let own: [String: String?] = ["XDG_CACHE_HOME": cache]
        return try await Pinion.run(
            [arguments[0], "--repo", url] + arguments.dropFirst(), environment: own.merging(environment) { $1 })
    }

    /// Lets a script decide about each reference that is pushed (`githooks(5)`): its arguments are the reference, where it
    /// points and where it is to point.
    func update(_ script: String) throws {
        let path = sample.path + "/hooks/update"
        try FileManager.default.createDirectory(atPath: sample.path + "/hooks", withIntermediateDirectories: true)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// Has somebody else commit this text to a file of `main` in the moment of each of the next pushes to it.
    func moveMain(_ times: Int, writing text: String, to file: String) throws {
        let counter = folder.path + "/moves"
        try Data("\(times)\n".utf8).write(to: URL(filePath: counter))
        try update(
            """
            [ "$1" = refs/heads/main ] || exit 0
            left=$(cat '\(counter)')
            [ "$left" -gt 0 ] || exit 0
            echo $((left - 1)) > '\(counter)'
            export GIT_INDEX_FILE='\(counter).index' GIT_AUTHOR_NAME=Other GIT_AUTHOR_EMAIL=other@example.com
            export GIT_COMMITTER_NAME=Other GIT_COMMITTER_EMAIL=other@example.com
            git read-tree refs/heads/main
            blob=$(printf '\(text) %s\\n' "$left" | git hash-object -w --stdin)
            git update-index --add --cacheinfo "100644,$blob,\(file.replacing("NS", with: sample.namespace))"
            commit=$(git commit-tree -p refs/heads/main -m "other $left" "$(git write-tree)")
            git update-ref refs/heads/main "$commit"
            """)
    }

    /// What git itself says about the repository.
    func git(_ arguments: String...) async throws -> String {
        let outcome = try await Pinion.run("git", ["-C", sample.path] + arguments)
        #expect(outcome.exitCode == 0, "git \(arguments): \(outcome.stderr)")
        return outcome.stdout
    }

    /// The subjects of the commits of a branch, the newest first.
    func subjects(_ branch: String = "main") async throws -> [String] {
        try await git("log", "--format=%s", branch).split(separator: "\n").map(String.init)
    }

    /// Runs a test on a sample behind an address, and removes what it started.
    static func with(
        _ processors: [String] = [], pins: String = "commit", more: [String: String] = [:],
        _ body: (RemoteJobs) async throws -> Void
    ) async throws {
        try await Sample.with(processors, pins: pins, more: more) { try await body(RemoteJobs($0)) }
    }

    /// A small processor that builds without running anything on the target platform.
    ///
    /// - Parameters:
    ///   - base: what its Dockerfile starts from; `NS` is the sample's namespace.
    ///   - lines: more of its Dockerfile.
    static func processor(
        _ name: String, base: String = "\(Components.registry)/pinion/python:3", lines: String = ""
    ) -> [String: String] {
        let folder = "registry/processors/NS_\(name)"
        return [
            "\(folder)/registry.yaml": """
            ref: NS/\(name)@1   # a processor
            image:
              platforms:
                amd64: sha256:pending
                arm64: "sha256:pending"
            build: {context: ., dockerfile: Dockerfile}
            api: {protocol: http}
            smoke: {startup_s: 10}

            """,
            "\(folder)/Dockerfile": """
            FROM \(base)
            \(lines)
            COPY server.py /server.py
            ENTRYPOINT ["python3", "-u", "/server.py"]

            """,
            "\(folder)/server.py": server,
        ]
    }

    /// Answers every run with an empty, valid envelope. `NS` makes the image one of this sample alone.
    private static let server = #"""
        # NS
        import http.server, json, signal, sys

        # Process 1 has no handler of its own: without this one, stopping it takes ten seconds.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, value):
                content = json.dumps(value, separators=(",", ":")).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self):
                self.answer({"ok": True})

            def do_POST(self):
                run = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = run["execution_id"]
                self.answer({
                    "status": "success", "execution_id": name, "outputs": [],
                    "index_path": f"/artifacts/execution/{name}/outputs.json", "meta": {}})

        http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
        """#
}

import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

@Suite(.tags(.medium))
struct BuildContextTests {
    private func context(
        _ files: [String: String], dockerfile: String = "Dockerfile", context: String = "", args: [String: String] = [:]
    ) async throws -> BuildContext {
        let fixture = try await RepositoryFixture(files)
        let recipe = BuildContext.Recipe(context: context, dockerfile: dockerfile, args: args)
        return try await BuildContext(recipe, at: fixture.repository.commit(at: "main").id, in: fixture.repository)
    }

    @Test func `only files that the Dockerfile takes are seen`() async throws {
        let context = try await context([
            "Dockerfile": "FROM base\nCOPY app lib/*.py /x/\nCOPY a[1].txt /y", "app/main.py": "", "app/deep/x": "",
            "application": "", "lib/a.py": "", "lib/b.txt": "", "lib/c/d.py": "", "README.md": "", "a1.txt": "",
            ".dockerignore": "app/deep\n",
        ])
        #expect(context.files.map(\.path) == ["a1.txt", "app/main.py", "lib/a.py"])
        #expect(context.seesAllBecause == nil)
        #expect(context.candidates == 9)
        #expect(context.dockerfile == "Dockerfile")
        #expect(context.archived.map(\.path) == ["Dockerfile", "a1.txt", "app/main.py", "lib/a.py"])
        #expect(context.diagnostics.isEmpty)
    }

    @Test func `both platforms' files are seen by both`() async throws {
        let context = try await context([
            "Dockerfile": "FROM base\nARG TARGETARCH\nCOPY bin/$TARGETARCH /x/", "bin/amd64/x": "", "bin/arm64/x": "",
            "bin/riscv/x": "",
        ])
        #expect(context.files.map(\.path) == ["bin/amd64/x", "bin/arm64/x"])
    }

    @Test func `the Dockerfile's own ignore file wins, also for a Dockerfile elsewhere`() async throws {
        let files = [
            "docker/Dockerfile": "FROM base\nCOPY . /x", "docker/Dockerfile.dockerignore": "b\n",
            "src/.dockerignore": "a\n",
            "src/a": "", "src/b": "",
        ]
        let context = try await context(files, dockerfile: "docker/Dockerfile", context: "src")
        #expect(context.files.map(\.path) == [".dockerignore", "a"])
        #expect(context.archived.map(\.path) == [".dockerignore", ".pinion.Dockerfile", "a"])
        #expect(context.dockerfile == ".pinion.Dockerfile")
        #expect(context.seesAllBecause == "line 2 takes the whole context")
    }

    @Test(arguments: [
        ("COPY gone /x", "2: COPY takes gone, which is not in the context"),
        ("COPY secret.txt /x", "2: COPY takes secret.txt, which .dockerignore keeps out"),
        ("COPY registry.yaml /x", "2: COPY takes the catalog file registry.yaml, which is never part of a build"),
        ("ADD registry /x", "2: ADD takes registry, where only catalog files are"),
        ("RUN --mount=type=bind,source=gone,target=/x ls", "2: RUN takes gone, which is not in the context"),
    ])
    func `a source that the builder would not find is an error`(line: String, message: String) async throws {
        let context = try await context([
            "Dockerfile": "FROM base\n\(line)\nCOPY . /all\n", ".dockerignore": "secret*\n", "secret.txt": "",
            "registry.yaml": "", "registry/tools/x.yaml": "",
        ])
        #expect(context.diagnostics.map { "\($0.line ?? 0): \($0.message)" } == [message])
        #expect(context.diagnostics.map(\.severity) == [.error])
        #expect(context.diagnostics.map(\.file) == ["Dockerfile"])
    }

    @Test(arguments: [
        "COPY gone*.txt /x", "COPY there /x", "COPY . /x", "COPY --from=base gone /x",
        "ADD http://a/b /x",
    ])
    func `a source that the builder would find, or need not find, is none`(line: String) async throws {
        let context = try await context(["Dockerfile": "FROM base\n\(line)\n", "there/x": ""])
        #expect(context.diagnostics.isEmpty)
    }

    @Test func `a source that leads through a symbolic link leaves everything seen`() async throws {
        let checkout = try GitCheckout(["Dockerfile": "FROM base\nCOPY link/a /x", "real/a": "", "other": ""])
        try checkout.write(["target": "real"])
        let blob = try checkout.git(["hash-object", "-w", "--no-filters", "target"])
        try checkout.git(["update-index", "--add", "--cacheinfo", "120000,\(blob),link"])
        try checkout.git(["commit", "--quiet", "--message", "link"])
        let repository = try GitRepository(at: checkout.path)
        let context = try await BuildContext(
            BuildContext.Recipe(context: "", dockerfile: "Dockerfile"), at: repository.commit(at: "HEAD").id,
            in: repository)
        #expect(context.seesAllBecause == "line 2 goes through the symbolic link link")
        #expect(context.files.map(\.path) == ["Dockerfile", "link", "other", "real/a"])
        #expect(context.diagnostics.isEmpty)
    }

    @Test func `an ignore file that Docker refuses is refused with its line`() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await context(["Dockerfile": "FROM base\nCOPY a /x", ".dockerignore": "x\n[\n"])
        }
        #expect(failure?.message == ".dockerignore:2: a '[' is not closed")
        #expect(failure?.code == .spec)
    }
}

import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog
import TestSupport
import Testing

/// What a build sees of a context, held against what Docker itself makes of the same folder.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(5)))
struct BuildContextRealTests {
    private static let tree = [
        "a/b/c", "a/b/d.txt", "a/x.md", "d/f", "d/g", "keep.txt", "drop.txt", "README.md", "x/y/z", "[odd]", "foobar",
        "sub/foobar", ".hidden",
    ]

    /// The files that a build of this folder writes, without the Dockerfile itself.
    private func built(_ arguments: [String], in folder: String, into output: String) async throws -> [String] {
        let run = try await Pinion.run(
            "docker", ["buildx", "build", "--quiet", "--output", "type=local,dest=\(output)"] + arguments, in: folder)
        #expect(run.exitCode == 0, "\(run.stderr)")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: output)
        return paths.filter { path in
            var isFolder = false
            return FileManager.default.fileExists(atPath: "\(output)/\(path)", isDirectory: &isFolder) && !isFolder
        }.sorted()
    }

    private func context(_ checkout: GitCheckout) async throws -> (BuildContext, GitRepository, ObjectID) {
        let repository = try GitRepository(at: checkout.path)
        let commit = try await repository.commit(at: "HEAD").id
        let recipe = BuildContext.Recipe(context: "", dockerfile: "Dockerfile")
        return (try await BuildContext(recipe, at: commit, in: repository), repository, commit)
    }

    @Test(arguments: [
        "d/f\n!d\n*.txt\n!keep.txt\nDockerfile\n/x\n", "*\n!a\na/b/*\n!a/b/c\n", "**/*.md\n!README.md\n.*\n",
        "**foobar\n", "**/b\n!a/b/d.txt\n", "\\[odd\\]\n", "[[]odd]\n./d/../keep.txt\n", "a/**\n!a/b/**\n",
        "!x\nx\n# d\n",
        "?/*/c\n", "a\n!a/*.md\n.dockerignore\nDockerfile\n",
    ])
    func `a build sees the files that Docker's own build of the folder sees`(rules: String) async throws {
        var files = Dictionary(uniqueKeysWithValues: Self.tree.map { ($0, $0) })
        files["Dockerfile"] = "FROM scratch\nCOPY . /\n"
        files[".dockerignore"] = rules
        let checkout = try GitCheckout(files)
        // git's own folder is no part of a commit.
        let folder = try TemporaryFolder()
        try checkout.git(["worktree", "add", "--quiet", "--detach", folder.path + "/context"])
        try FileManager.default.removeItem(atPath: folder.path + "/context/.git")
        let seen = try await built(["."], in: folder.path + "/context", into: folder.path + "/output")
        #expect(try await context(checkout).0.files.map(\.path).sorted() == seen)
    }

    @Test(arguments: [
        "COPY a/b /x/", "COPY *.txt /x/\nADD d/? sub /y/", "COPY a/*/c [[]odd] /x/", "COPY a/ x/y /z/",
        "ARG V=foo\nCOPY ${V}bar sub/${V:+foobar} /x/", "COPY <<EOF /made\nCOPY d /d\nEOF\nCOPY d/g /g",
    ])
    func `an archive that holds no more than the Dockerfile takes builds the same`(lines: String) async throws {
        var files = Dictionary(uniqueKeysWithValues: Self.tree.map { ($0, $0) })
        files["Dockerfile"] = "FROM scratch\n\(lines)\n"
        let checkout = try GitCheckout(files)
        let folder = try TemporaryFolder()
        let whole = try await built(["."], in: checkout.path, into: folder.path + "/whole")
        let (context, repository, commit) = try await context(checkout)
        #expect(context.seesAllBecause == nil)
        #expect(context.files.count < Self.tree.count)
        let recipe = BuildRecipe(
            repository: try ImageReference("127.0.0.1:1/x"), commit: commit.hex, context: "", dockerfile: "Dockerfile",
            args: [:], target: nil, keys: [:])
        let archive = try await GitContextSource(repository, temporaryFolder: folder.path).archive(of: recipe)
        let unpacked = folder.path + "/unpacked"
        try FileManager.default.createDirectory(atPath: unpacked, withIntermediateDirectories: true)
        let tar = try await Pinion.run("tar", ["-xf", archive.path, "-C", unpacked])
        #expect(tar.exitCode == 0, "\(tar.stderr)")
        let narrow = try await built(["."], in: unpacked, into: folder.path + "/narrow")
        #expect(narrow == whole)
    }
}

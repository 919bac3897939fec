import FoundationEssentials
import Git

/// A work tree made with git itself, under a home of its own: nothing of the user's configuration reaches it.
package struct GitCheckout: Sendable {
    package let folder: TemporaryFolder
    package let path: String
    package let environment: [String: String]

    /// Makes a new repository with these files in a first commit, unless there are none.
    package init(_ files: [String: String] = [:], options: [String] = []) throws {
        try self.init()
        try git(["init", "--quiet", "--initial-branch=main"] + options + [path], in: folder.path)
        if !files.isEmpty { try commit(files) }
    }

    /// Clones a repository.
    package init(cloning url: String, options: [String] = []) throws {
        try self.init()
        try git(["clone", "--quiet"] + options + [url, path], in: folder.path)
    }

    private init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/work"
        environment = GitCheckout.environment(home: folder.path)
    }

    /// The environment of a user whose home is this folder and who has no terminal.
    package static func environment(home: String) -> [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@example.com", "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@example.com", "GIT_AUTHOR_DATE": "1700000000 +0000",
            "GIT_COMMITTER_DATE": "1700000000 +0000",
        ]
    }

    /// Runs git in the work tree, and returns what it prints without the last line end.
    @discardableResult
    package func git(_ arguments: [String], in place: String? = nil) throws -> String {
        guard let output = GitProgram(environment: environment)?.run(arguments, in: place ?? path) else {
            throw GitError(.other, "git does not start")
        }
        guard output.status == 0 else {
            throw GitError(.other, "git \(arguments.joined(separator: " ")) gives \(output.status)")
        }
        return output.text.last == "\n" ? String(output.text.dropLast()) : output.text
    }

    package func write(_ files: [String: String]) throws {
        for (name, text) in files {
            let file = URL(filePath: path + "/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    /// Writes these files and commits all there is; returns the new commit.
    @discardableResult
    package func commit(_ files: [String: String], message: String = "change") throws -> String {
        try write(files)
        try git(["add", "--all"])
        try git(["commit", "--quiet", "--allow-empty", "--message", message])
        return try git(["rev-parse", "HEAD"])
    }
}

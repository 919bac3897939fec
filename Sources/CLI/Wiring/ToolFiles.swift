import DeploymentModel
import FoundationEssentials
import Git
import JSON
import RegistryCatalog

/// The files that a tool runs from, laid out from the commit: nothing of a working tree is run.
struct ToolFiles {
    let folder: TemporaryFolder
    /// The tool, its hash over these files too: another program is another run.
    let tool: Tool

    /// - Throws: `Failure` with `ERR_GIT` when git can't be read, `ERR_SANDBOX` when the disk refuses.
    init(of tool: Tool, at commit: Commit, in repository: GitRepository) async throws(Failure) {
        folder = try TemporaryFolder()
        guard let place = (try? EntryPoint(tool.entryPoint))?.folder else {
            // A function is deployed elsewhere; the adapter says so.
            self.tool = tool
            return
        }
        var ids: [String: JSONValue] = [:]
        do {
            // A tool of root's runs as somebody else, who has to be let in.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
            for entry in try await repository.files(at: commit.id, under: place)
            where [.file, .executable].contains(entry.mode) {
                let file = "\(folder.path)/\(entry.path)"
                let parent = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
                    separator: "/")
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try Data(try await repository.blob(entry.id)).write(to: URL(filePath: file))
                try FileManager.default.setAttributes(
                    [.posixPermissions: entry.mode == .executable ? 0o755 : 0o644], ofItemAtPath: file)
                ids[entry.path] = .string("\(entry.mode) \(entry.id.hex)")
            }
            let basis: JSONValue = ["spec": .string(tool.specHash), "files": .object(ids)]
            self.tool = tool.hashed(as: try basis.sha256().hex)
        } catch let error as GitError {
            folder.remove()
            throw Failure(.git, error.message)
        } catch {
            folder.remove()
            throw Failure(.sandbox, "the files of \(tool.id) can't be laid out: \(error)")
        }
    }
}

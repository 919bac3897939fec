import DeploymentModel
import FoundationEssentials
import Subprocess

/// A context as a folder, with the Dockerfile beside it: a context that comes as an archive would show it to the build.
struct UnpackedContext {
    let folder: String
    let dockerfile: String

    /// Lays out the archive of a request in a folder that is the caller's to remove.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_BUILD`, on a full disk for example.
    init(_ request: BuildRequest, hiding hidden: HiddenEntries, in scratch: ScratchFolder) async throws(Failure) {
        // buildx tells contexts apart by the name of their folder, and the builder takes over what it has of that one: files
        // of the same size and time count as the same, and here all times are.
        folder = scratch.path + "/\(UUID().uuidString)"
        dockerfile = scratch.path + "/Dockerfile"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            try await unpack(request.contextArchive)
            try FileManager.default.moveItem(atPath: "\(folder)/\(request.dockerfile)", toPath: dockerfile)
            for path in hidden.paths where path != request.dockerfile {
                try FileManager.default.removeItem(atPath: "\(folder)/\(path)")
            }
            try removeEmptyFolders(above: request.dockerfile)
            // What is to be left out is left out already; else the context's own ignore file would count, whoever's it is.
            try Data("# nothing\n".utf8).write(to: URL(filePath: dockerfile + ".dockerignore"))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.imageBuild, "the build context of \(request.ref) can't be laid out in \(folder): \(error)")
        }
    }

    /// Modes are those of the archive, whatever this process's mask is.
    private func unpack(_ archive: String) async throws {
        let tar = try await Subprocess.run(
            .name("tar"), arguments: ["-xpf", archive, "-C", folder], input: .none, output: .discarded,
            error: .string(limit: 1 << 16))
        guard tar.terminationStatus.isSuccess else {
            throw Failure(.imageBuild, "the build context can't be laid out in \(folder): \(tar.standardError)")
        }
    }

    /// A folder that held the Dockerfile alone is none that the build sees.
    private func removeEmptyFolders(above path: String) throws {
        var parts = path.split(separator: "/").dropLast()
        while !parts.isEmpty {
            let parent = "\(folder)/\(parts.joined(separator: "/"))"
            guard try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty else { return }
            try FileManager.default.removeItem(atPath: parent)
            parts.removeLast()
        }
    }
}

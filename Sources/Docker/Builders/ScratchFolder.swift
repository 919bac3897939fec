import DeploymentModel
import FoundationEssentials

/// A folder of one build, gone at its end.
struct ScratchFolder {
    let path: String

    init(_ request: BuildRequest) throws(Failure) {
        path = FileManager.default.temporaryDirectory.path + "/pinion-build-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(.imageBuild, "there is no room on disk for the build of \(request.ref): \(path)")
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

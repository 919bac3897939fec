import DeploymentModel
import SystemPackage

extension BuildRequest {
    /// The context, opened for reading, and its length in bytes.
    func openArchive() throws(Failure) -> (descriptor: FileDescriptor, length: Int64) {
        do {
            let descriptor = try FileDescriptor.open(FilePath(contextArchive), .readOnly, options: .closeOnExec)
            do {
                let length = try descriptor.seek(offset: 0, from: .end)
                try descriptor.seek(offset: 0, from: .start)
                return (descriptor, length)
            } catch {
                try? descriptor.close()
                throw error
            }
        } catch {
            throw Failure(.imageBuild, "the build context of \(ref) can't be read: \(error)")
        }
    }
}

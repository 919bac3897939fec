import BLAKE3
import DeploymentModel
import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The Python modules of the driver, which this program carries within itself.
struct DriverFiles: Sendable {
    /// The content by file name.
    let contents: [String: [UInt8]]

    static let embedded = DriverFiles(contents: [
        "cli.py": PackageResources.cli_py,
        "deploying.py": PackageResources.deploying_py,
        "driver.py": PackageResources.driver_py,
        "failure.py": PackageResources.failure_py,
        "modal_app.py": PackageResources.modal_app_py,
        "observing.py": PackageResources.observing_py,
        "operations.py": PackageResources.operations_py,
        "secret_store.py": PackageResources.secret_store_py,
    ])

    /// The name of the folder that they are laid out in: it stands for names and contents.
    var id: String {
        let lines = contents.sorted { $0.key < $1.key }.map { "\(ContentID(of: $0.value)) \($0.key)\n" }
        return String(ContentID(of: Array(lines.joined().utf8)).hex.prefix(32))
    }

    /// The folder with just these files below `root`; made when it is not there, mended when anything in it differs: Python
    /// would run what lies there, and prefers a module beside the program to an installed one. Others may be starting from
    /// it at this moment, so no file of it is ever missing.
    ///
    /// - Throws: `Failure` with `ERR_MODAL` when nothing can be written there.
    func laidOut(below root: String) throws(Failure) -> String {
        let folder = "\(root)/\(id)"
        if isWhole(folder) { return folder }
        let new = "\(root)/.new-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: new) }
        do {
            try write(to: new)
            // A folder takes the place of one that has nothing in it, or of none.
            if rename(new, folder) != 0 { try mend(folder, from: new) }
        } catch {
            throw Failure(
                .modal, "the Modal driver can't be laid out in \(folder)",
                remedy: "Let this user write there, or set XDG_CACHE_HOME to a folder where that is so.",
                detail: "\(error)")
        }
        return folder
    }

    private func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
        for (name, content) in contents { try Data(content).write(to: URL(filePath: "\(folder)/\(name)")) }
    }

    /// Puts each file in the place of the one of its name, and takes away what is none of them.
    private func mend(_ folder: String, from new: String) throws {
        for name in contents.keys where rename("\(new)/\(name)", "\(folder)/\(name)") != 0 {
            throw CocoaError(.fileWriteUnknown)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where contents[name] == nil {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    private func isWhole(_ folder: String) -> Bool {
        let files = FileManager.default
        guard let names = try? files.contentsOfDirectory(atPath: folder), Set(names) == Set(contents.keys) else {
            return false
        }
        return contents.allSatisfy { name, content in
            (try? Data(contentsOf: URL(filePath: "\(folder)/\(name)"))).map { $0.elementsEqual(content) } ?? false
        }
    }
}

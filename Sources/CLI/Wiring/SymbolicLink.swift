import DeploymentModel
import FoundationEssentials

/// Keeps what is written where it belongs: a symbolic link that somebody committed may lead anywhere.
enum SymbolicLink {
    /// - Parameters:
    ///   - path: what is to be written, below the folder.
    ///   - folder: is not looked at itself; `nil` for a path that says by itself where it begins. Of one that begins at the root
    ///     what is below the working directory or a work tree is looked at, else the last part alone: the rest is the
    ///     machine's.
    /// - Throws: `Failure` with the code when a part of the path is a link.
    static func refuse(on path: String, below folder: String? = nil, _ code: ErrorCode) throws(Failure) {
        var parts = path.split(separator: "/").map(String.init)
        var place = folder ?? "."
        if folder == nil, path.hasPrefix("/") {
            let count = machineParts(of: parts)
            place = "/" + parts.prefix(count).joined(separator: "/")
            parts = Array(parts.dropFirst(count))
        }
        for part in parts {
            place += "/\(part)"
            let kind = try? FileManager.default.attributesOfItem(atPath: place)[.type] as? FileAttributeType
            guard kind != .typeSymbolicLink else {
                throw Failure(
                    code, "\(path) is not written: \(place) is a symbolic link",
                    remedy: "Make it a folder or a file of its own, or write it elsewhere.")
            }
        }
    }

    /// How many parts of a path from the root nobody could have committed.
    private static func machineParts(of parts: [String]) -> Int {
        let manager = FileManager.default
        let here = manager.currentDirectoryPath
        return parts.indices.first { count in
            let folder = "/" + parts.prefix(count).joined(separator: "/")
            return folder == here || manager.fileExists(atPath: folder + "/.git")
        } ?? max(0, parts.count - 1)
    }
}

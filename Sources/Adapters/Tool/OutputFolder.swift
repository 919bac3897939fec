import DeploymentModel
import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The folder that a tool has left its outputs in. Nothing in it is believed: what is neither a folder nor a plain file of
/// one name is refused, and every step goes from an open folder to a name in it, so that no link is ever followed.
struct OutputFolder {
    struct Taken: Sendable {
        /// Relative to the folder, as the tool named it.
        let name: String
        /// The copy of its bytes, in the stage, where the tool never was.
        let file: String
    }

    private static let depthLimit = 32

    private let stage: String
    private let prefix: WritePrefix
    private let limits: ToolLimits
    private var taken: [Taken] = []
    private var bytes: Int64 = 0

    init(_ folders: ToolFolders, prefix: WritePrefix, limits: ToolLimits) {
        stage = folders.stage
        self.prefix = prefix
        self.limits = limits
    }

    /// Copies all files of `scratch/outputs`, in the order of their names. Blocks.
    ///
    /// - Throws: `Failure` with the codes of `WorldPath`, `ERR_OUTPUT_MISMATCH` for what is refused; `IOError` when this
    ///   host's disk refuses.
    mutating func take() throws -> [Taken] {
        let root = try Self.open(stage, in: AT_FDCWD, O_DIRECTORY)
        defer { close(root) }
        let scratch = try Self.open("scratch", in: root, O_DIRECTORY)
        defer { close(scratch) }
        guard let outputs = try folder("outputs", in: scratch, as: "outputs") else { return [] }
        defer { close(outputs) }
        try take(outputs, "", depth: 0)
        return taken
    }

    private mutating func take(_ folder: CInt, _ place: String, depth: Int) throws {
        for name in try FolderEntries.names(in: folder) {
            let bytes = name.dropLast().map(UInt8.init(bitPattern:))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw refused("\(place)\(String(decoding: bytes, as: UTF8.self))", "has a name that is not UTF-8")
            }
            let path = place + text
            // Judged before anything is opened.
            _ = try prefix.path(of: path)
            var facts = stat()
            guard fstatat(folder, text, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { throw Self.error("stat") }
            switch facts.st_mode & S_IFMT {
            case S_IFDIR:
                guard depth < Self.depthLimit else {
                    throw Failure(.pathTooLong, "the output \(Self.quoted(path)) is too deep")
                }
                guard let inner = try self.folder(text, in: folder, as: path) else { continue }
                defer { close(inner) }
                try take(inner, path + "/", depth: depth + 1)
            case S_IFREG: try copy(text, in: folder, as: path)
            case S_IFLNK: throw refused(path, "is a symbolic link")
            case S_IFIFO: throw refused(path, "is a named pipe")
            case S_IFSOCK: throw refused(path, "is a socket")
            default: throw refused(path, "is a device")
            }
        }
    }

    private mutating func copy(_ name: String, in folder: CInt, as path: String) throws {
        let source: CInt
        do {
            source = try Self.open(name, in: folder, O_NONBLOCK)
        } catch let error as IOError where [EACCES, ELOOP, ENOENT, ENXIO].contains(error.errnoCode) {
            throw refused(path, "can't be read")
        }
        defer { close(source) }
        var facts = stat()
        guard fstat(source, &facts) == 0 else { throw Self.error("stat") }
        guard facts.st_mode & S_IFMT == S_IFREG, facts.st_nlink == 1 else {
            throw refused(path, "is not a plain file of one name")
        }
        guard taken.count < limits.outputFiles else {
            throw Failure(.outputMismatch, "the tool left more than \(limits.outputFiles) files")
        }
        let file = "\(stage)/output-\(taken.count)"
        let target = try Self.open(file, in: AT_FDCWD, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0 {
                guard errno == EINTR else { throw Self.error("read") }
                continue
            }
            bytes += Int64(count)
            guard bytes <= limits.outputBytes else {
                throw Failure(.outputMismatch, "the tool left more than \(limits.outputBytes) bytes")
            }
            try Self.write(buffer[..<count], to: target)
        }
        taken.append(Taken(name: path, file: file))
    }

    /// A folder to go on in; `nil` where there is nothing of that name.
    private func folder(_ name: String, in parent: CInt, as path: String) throws -> CInt? {
        do {
            return try Self.open(name, in: parent, O_DIRECTORY)
        } catch let error as IOError where error.errnoCode == ENOENT {
            return nil
        } catch let error as IOError where [EACCES, ELOOP, ENOTDIR].contains(error.errnoCode) {
            throw refused(path, "is no folder that can be read")
        }
    }

    private func refused(_ path: String, _ why: String) -> Failure {
        Failure(.outputMismatch, "the output \(Self.quoted(path)) \(why)")
    }

    private static func quoted(_ path: String) -> String {
        path.utf8.count <= 120 ? "'\(path)'" : "'\(path.prefix(100))…'"
    }

    private static func open(_ name: String, in folder: CInt, _ flags: CInt) throws -> CInt {
        let descriptor = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw error("open") }
        return descriptor
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes(descriptor, $0) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw error("write")
            }
        }
    }

    private static func error(_ reason: String) -> IOError { IOError(errnoCode: errno, reason: reason) }
}

/// `write` of the system, whose name a member has too.
private func writeBytes(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

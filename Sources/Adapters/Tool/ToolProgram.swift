import DeploymentModel
import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The file of the repository that a tool runs.
struct ToolProgram: Sendable {
    /// From the repository's root.
    let path: String
    /// What its `#!` line names: a program and at most one argument; none for a program of its own.
    let interpreter: [String]

    /// - Parameter files: a folder of this host that holds the repository's files.
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when there is nothing here that could run.
    init(of tool: Tool, in files: String) throws(Failure) {
        func missing(_ why: String, _ remedy: String) -> Failure {
            Failure(.functionNotFound, "\(tool.id) can't be run here: \(why)", remedy: remedy)
        }
        if let adapter = tool.adapter, ![AdapterKind.tool.rawValue, AdapterKind.local.rawValue].contains(adapter) {
            throw missing(
                "its spec says 'adapter: \(adapter)' and its entry point is \(tool.entryPoint)",
                "A tool that runs here has 'adapter: tool'. To see what one would write: --adapter mock.")
        }
        let entry: EntryPoint
        do throws(GrammarError) {
            entry = try EntryPoint(tool.entryPoint)
        } catch { throw missing(error.description, "Name a file from the root of the repository.") }
        guard case .file(let path) = entry else {
            throw missing(
                "its entry point \(tool.entryPoint) is a function, not a file",
                "Name a file from the root of the repository, for one at the root itself: ./\(tool.entryPoint)")
        }
        let file = "\(files)/\(path)"
        guard LocalWorld.sizeOfFile(at: file) != nil else {
            throw missing(
                "there is no file \(path) at the commit", "Commit it, or correct 'entry_point' in the tool's spec.")
        }
        self.path = path
        // The interpreter is started by its own name even where the kernel would find it: a file that was written a moment
        // ago may still be open in a child that was forked meanwhile, and then it can be read but not executed.
        if let named = Self.interpreter(of: file) {
            interpreter = named
        } else if access(file, X_OK) == 0 {
            interpreter = []
        } else {
            throw missing(
                "\(path) is not executable and has no #! line",
                "Write a first line such as '#!/usr/bin/env python3', or: git update-index --chmod=+x \(path)")
        }
    }

    /// Read as the kernel does it: a path, and the rest of the line as one argument.
    private static func interpreter(of file: String) -> [String]? {
        guard let handle = fopen(file, "r") else { return nil }
        defer { fclose(handle) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fread(&bytes, 1, bytes.count, handle)
        guard count > 2, bytes.starts(with: "#!".utf8),
            let line = bytes[2..<count].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).first
        else { return nil }
        let parts = String(decoding: line, as: UTF8.self).split(maxSplits: 1, whereSeparator: \.isWhitespace)
        guard let program = parts.first, program.hasPrefix("/") else { return nil }
        let argument = parts.dropFirst().first.map { $0.trimming(while: \.isWhitespace) }
        return [String(program)] + [argument].compactMap(\.self)
    }
}

extension Substring {
    fileprivate func trimming(while predicate: (Character) -> Bool) -> String {
        var rest = drop(while: predicate)
        while let last = rest.last, predicate(last) { rest.removeLast() }
        return String(rest)
    }
}

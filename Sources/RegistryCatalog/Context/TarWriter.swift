import SystemPackage

/// Writes a tar archive (POSIX.1-2001, pax) whose bytes depend on its entries alone: constant times, owners and order.
struct TarWriter: ~Copyable {
    /// The time of every entry: the first second that a zip archive can hold too.
    static let time = 315_532_800

    private let file: FileDescriptor
    private var folders: Set<String> = []

    init(_ file: FileDescriptor) { self.file = file }

    mutating func add(_ path: String, content: [UInt8], isExecutable: Bool) throws {
        try addFolders(above: path)
        try header(path, type: "0", mode: isExecutable ? 0o755 : 0o644, size: content.count)
        try file.writeAll(content)
        try pad(content.count)
    }

    mutating func addLink(_ path: String, target: String) throws {
        try addFolders(above: path)
        try header(path, type: "2", mode: 0o777, size: 0, target: target)
    }

    consuming func finish() throws {
        try file.writeAll([UInt8](repeating: 0, count: 1024))
    }

    /// Folders are entries of their own, or their times would be those of the unpacking.
    private mutating func addFolders(above path: String) throws {
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += part + "/"
            if folders.insert(folder).inserted { try header(folder, type: "5", mode: 0o755, size: 0) }
        }
    }

    private func header(_ path: String, type: Character, mode: Int, size: Int, target: String = "") throws {
        let isLong = path.utf8.count > 100 || target.utf8.count > 100
        if isLong {
            var records = Self.record("path", path)
            if !target.isEmpty { records += Self.record("linkpath", target) }
            try file.writeAll(
                Self.block("././@PaxHeader", type: "x", mode: 0o644, size: records.utf8.count, target: ""))
            try file.writeAll(Array(records.utf8))
            try pad(records.utf8.count)
        }
        try file.writeAll(Self.block(path, type: type, mode: mode, size: size, target: target))
    }

    private func pad(_ size: Int) throws {
        let rest = size % 512
        if rest > 0 { try file.writeAll([UInt8](repeating: 0, count: 512 - rest)) }
    }

    /// `<length> <key>=<value>\n`, where the length counts its own digits too.
    private static func record(_ key: String, _ value: String) -> String {
        let body = " \(key)=\(value)\n"
        var length = body.utf8.count
        while String(length).utf8.count + body.utf8.count != length {
            length = String(length).utf8.count + body.utf8.count
        }
        return "\(length)\(body)"
    }

    private static func block(_ path: String, type: Character, mode: Int, size: Int, target: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int, limit: Int) {
            for (index, byte) in text.utf8.prefix(limit).enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(path, at: 0, limit: 100)
        put(octal(mode, digits: 7), at: 100, limit: 7)
        put(octal(0, digits: 7), at: 108, limit: 7)
        put(octal(0, digits: 7), at: 116, limit: 7)
        put(octal(size, digits: 11), at: 124, limit: 11)
        put(octal(time, digits: 11), at: 136, limit: 11)
        put("        ", at: 148, limit: 8)
        put(String(type), at: 156, limit: 1)
        put(target, at: 157, limit: 100)
        put("ustar", at: 257, limit: 5)
        put("00", at: 263, limit: 2)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + "\0 ", at: 148, limit: 8)
        return block
    }
}

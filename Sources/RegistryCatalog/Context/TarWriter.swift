import SystemPackage

/// Writes a tar archive (POSIX.1-2001, pax) whose bytes depend on its entries alone: constant times, owners and order.
struct TarWriter: ~Copyable {
    /// The time of every entry: the first second that a zip archive can hold too.
    static let time = 315_532_800

    /// So many bytes go to the file at once: a system call for each header would cost more than the header.
    private static let bufferSize = 1 << 20
    /// Files of this size are written as they are: copying them would cost more than a system call.
    private static let directSize = 1 << 16

    private let file: FileDescriptor
    private var buffer: [UInt8] = []
    private var folders: Set<Substring> = []

    init(_ file: FileDescriptor) {
        self.file = file
        buffer.reserveCapacity(Self.bufferSize)
    }

    mutating func add(_ path: String, content: UnsafeRawBufferPointer, isExecutable: Bool) throws {
        try addFolders(above: path)
        try header(path, type: "0", mode: isExecutable ? 0o755 : 0o644, size: content.count)
        if content.count < Self.directSize {
            try write(content)
        } else {
            try flush()
            try file.writeAll(content)
        }
        try pad(content.count)
    }

    mutating func addLink(_ path: String, target: String) throws {
        try addFolders(above: path)
        try header(path, type: "2", mode: 0o777, size: 0, target: target)
    }

    consuming func finish() throws {
        try write([UInt8](repeating: 0, count: 1024))
        try flush()
    }

    private mutating func write(_ bytes: some Collection<UInt8>) throws {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        buffer += bytes
    }

    private mutating func flush() throws {
        try file.writeAll(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Folders are entries of their own, or their times would be those of the unpacking.
    private mutating func addFolders(above path: String) throws {
        guard let end = path.utf8.lastIndex(of: UInt8(ascii: "/")), !folders.contains(path[...end]) else { return }
        for index in path.utf8.indices where path.utf8[index] == UInt8(ascii: "/") {
            let folder = path[...index]
            if folders.insert(folder).inserted { try header(String(folder), type: "5", mode: 0o755, size: 0) }
        }
    }

    private mutating func header(_ path: String, type: Character, mode: Int, size: Int, target: String = "") throws {
        let isLong = path.utf8.count > 100 || target.utf8.count > 100
        if isLong {
            var records = Self.record("path", path)
            if !target.isEmpty { records += Self.record("linkpath", target) }
            try write(Self.block("././@PaxHeader", type: "x", mode: 0o644, size: records.utf8.count, target: ""))
            try write(Array(records.utf8))
            try pad(records.utf8.count)
        }
        try write(Self.block(path, type: type, mode: mode, size: size, target: target))
    }

    private mutating func pad(_ size: Int) throws {
        let rest = size % 512
        if rest > 0 { try write([UInt8](repeating: 0, count: 512 - rest)) }
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
        func put(octal value: Int, at offset: Int, digits: Int) {
            for place in 0..<digits { block[offset + digits - 1 - place] = UInt8(48 + (value >> (3 * place)) & 7) }
        }
        put(path, at: 0, limit: 100)
        put(octal: mode, at: 100, digits: 7)
        put(octal: 0, at: 108, digits: 7)
        put(octal: 0, at: 116, digits: 7)
        put(octal: size, at: 124, digits: 11)
        put(octal: time, at: 136, digits: 11)
        put("        ", at: 148, limit: 8)
        put(String(type), at: 156, limit: 1)
        put(target, at: 157, limit: 100)
        put("ustar", at: 257, limit: 5)
        put("00", at: 263, limit: 2)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal: sum, at: 148, digits: 6)
        put("\0 ", at: 154, limit: 2)
        return block
    }
}

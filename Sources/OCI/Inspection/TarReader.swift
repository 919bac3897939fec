/// One entry of a tar archive.
struct TarEntry: Hashable {
    enum Kind: Hashable {
        case file
        /// Another name of a file of the same archive, or of a layer below.
        case hardLink(String)
        case symbolicLink(String)
        case folder
        /// Devices and pipes.
        case other
    }

    /// As written: perhaps with `./` or `/` in front.
    let path: String
    let kind: Kind
    /// In bytes.
    let size: Int
    let mode: Int
    /// User and group, by number.
    var owner = ""
    /// Seconds since 1970, with a fraction where a pax record has one.
    var time = ""
}

/// Why bytes are no tar archive that can be read.
struct MalformedTar: Error, Hashable {
    /// A clause.
    let reason: String
}

/// Reads a tar archive from bytes as they come: ustar, GNU (long names) and pax, whatever the size of its files.
///
/// It holds one header at a time, and of contents what its user keeps.
struct TarReader {
    /// What is done with an entry. It is told at the entry, then for each piece of its content with the place of the piece.
    protocol Visitor {
        mutating func begin(_ entry: TarEntry) throws
        mutating func content(_ bytes: ArraySlice<UInt8>, at offset: Int) throws
        mutating func end() throws
    }

    /// Names and pax records are held in memory, so that they have a limit.
    private static let extensionLimit = 1 << 20

    private enum State {
        case header
        /// The content of a file, of which so much has come.
        case content(size: Int, done: Int)
        /// A header that says more about the entry after it.
        case extensionRecord(type: UInt8, size: Int)
        case skip(size: Int)
    }

    private var state = State.header
    private var held: [UInt8] = []
    /// What is left to pass over until the next block.
    private var padding = 0
    private var longName: String?
    private var longLink: String?
    private var records: [String: String] = [:]
    private(set) var isAtEnd = false

    /// Takes the next bytes.
    ///
    /// - Throws: `MalformedTar`, or what the visitor throws.
    mutating func push(_ bytes: ArraySlice<UInt8>, _ visitor: inout some Visitor) throws {
        var rest = bytes
        while !rest.isEmpty, !isAtEnd {
            if padding > 0 {
                let count = min(padding, rest.count)
                rest = rest.dropFirst(count)
                padding -= count
                continue
            }
            switch state {
            case .header:
                take(&rest, upTo: 512)
                guard held.count == 512 else { return }
                let block = held
                held = []
                try read(block, &visitor)
            case .content(let size, let done):
                let piece = rest.prefix(size - done)
                try visitor.content(piece, at: done)
                rest = rest.dropFirst(piece.count)
                state = .content(size: size, done: done + piece.count)
                if done + piece.count == size { try finish(size, &visitor) }
            case .extensionRecord(let type, let size):
                take(&rest, upTo: size)
                guard held.count == size else { return }
                let record = held
                held = []
                try keep(record, type: type)
                (state, padding) = (.header, Self.padding(size))
            case .skip(let size):
                (padding, state) = (size + Self.padding(size), .header)
            }
        }
    }

    /// Says that there are no more bytes. An archive without its two empty blocks at the end is taken, as others take it.
    func finish() throws(MalformedTar) {
        guard held.isEmpty, case .header = state else { throw MalformedTar(reason: "it ends in the midst of an entry") }
    }

    private mutating func take(_ rest: inout ArraySlice<UInt8>, upTo count: Int) {
        let piece = rest.prefix(count - held.count)
        held += piece
        rest = rest.dropFirst(piece.count)
    }

    private mutating func finish(_ size: Int, _ visitor: inout some Visitor) throws {
        try visitor.end()
        (state, padding) = (.header, Self.padding(size))
    }

    private static func padding(_ size: Int) -> Int { (512 - size % 512) % 512 }

    private mutating func read(_ block: [UInt8], _ visitor: inout some Visitor) throws {
        if block.allSatisfy({ $0 == 0 }) {
            isAtEnd = true
            return
        }
        try Self.check(block)
        let type = block[156]
        var size = try Self.number(block[124..<136])
        guard size >= 0 else { throw MalformedTar(reason: "an entry has a size below zero") }
        if [UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K")].contains(type) {
            guard size <= Self.extensionLimit else { throw MalformedTar(reason: "a name in it has \(size) bytes") }
            state = size == 0 ? .header : .extensionRecord(type: type, size: size)
            return
        }
        if let text = records["size"] {
            guard let number = Int(text), number >= 0 else { throw MalformedTar(reason: "'\(text)' is no size") }
            size = number
        }
        let name = Self.text(block[0..<100])
        let isUstar = block[257..<263].elementsEqual(Array("ustar\0".utf8))
        let prefix = isUstar ? Self.text(block[345..<500]) : ""
        let path = records["path"] ?? longName ?? (prefix.isEmpty ? name : prefix + "/" + name)
        let link = records["linkpath"] ?? longLink ?? Self.text(block[157..<257])
        let owner = ["uid", "gid"].enumerated().map { index, key in
            records[key] ?? ((try? Self.number(block[(108 + index * 8)..<(116 + index * 8)])).map { "\($0)" } ?? "?")
        }.joined(separator: ":")
        let time = records["mtime"] ?? (try? Self.number(block[136..<148])).map { "\($0)" } ?? "?"
        (longName, longLink, records) = (nil, nil, [:])
        let kind: TarEntry.Kind =
            switch type {
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): path.hasSuffix("/") ? .folder : .file
            case UInt8(ascii: "1"): .hardLink(link)
            case UInt8(ascii: "2"): .symbolicLink(link)
            case UInt8(ascii: "5"): .folder
            default: .other
            }
        let content = kind == .file ? size : 0
        try visitor.begin(
            TarEntry(
                path: path, kind: kind, size: content, mode: (try? Self.number(block[100..<108])) ?? 0, owner: owner,
                time: time))
        if kind == .file, size > 0 {
            state = .content(size: size, done: 0)
        } else {
            try visitor.end()
            // Links have no content, whatever the size says (some writers give that of the target).
            if case .other = kind, size > 0 { state = .skip(size: size) }
        }
    }

    private mutating func keep(_ record: [UInt8], type: UInt8) throws(MalformedTar) {
        switch type {
        case UInt8(ascii: "L"): longName = Self.text(record[...])
        case UInt8(ascii: "K"): longLink = Self.text(record[...])
        case UInt8(ascii: "x"):
            guard let found = Self.paxRecords(record) else { throw MalformedTar(reason: "a pax record is damaged") }
            records.merge(found) { $1 }
        default: break
        }
    }

    /// `<length> <key>=<value>\n`, again and again; the length counts the whole record.
    private static func paxRecords(_ bytes: [UInt8]) -> [String: String]? {
        var records: [String: String] = [:]
        var rest = bytes[...]
        while !rest.isEmpty, rest.first != 0 {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard digits.count < 10, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 2, length <= rest.count
            else { return nil }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            records[String(decoding: record[..<equals], as: UTF8.self)] = String(
                decoding: record[(equals + 1)...], as: UTF8.self)
        }
        return records
    }

    /// The checksum counts its own field as eight spaces.
    private static func check(_ block: [UInt8]) throws(MalformedTar) {
        let sum = block.reduce(0) { $0 + Int($1) } - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 32
        guard (try? number(block[148..<156])) == sum else { throw MalformedTar(reason: "a header's checksum is wrong") }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or (GNU) a binary number when the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) throws(MalformedTar) -> Int {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else {
                throw MalformedTar(reason: "an entry has a size that no file has")
            }
            return field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        if digits.isEmpty { return 0 }
        guard digits.count <= 12, let number = Int(String(decoding: digits, as: UTF8.self), radix: 8) else {
            throw MalformedTar(reason: "a number in a header is none")
        }
        return number
    }
}

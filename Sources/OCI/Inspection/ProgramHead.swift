/// What the first bytes of a file say of the program in it.
enum ProgramHead: Hashable, Sendable {
    /// A program or a shared library, and (of a program) the loader that it asks for.
    case elf(Machine, loader: String?)
    /// `#!` and what follows on that line.
    case script(String)

    /// The processor that an ELF file is for.
    struct Machine: Hashable, Sendable {
        /// `e_machine` (System V ABI; the numbers are kept by its registry).
        let code: UInt16

        static let amd64 = Machine(code: 62)
        static let arm64 = Machine(code: 183)

        /// The name that people know.
        var name: String {
            switch code {
            case 3: "386"
            case 8: "mips"
            case 21: "ppc64"
            case 22: "s390x"
            case 40: "arm (32 bit)"
            case 62: "amd64"
            case 183: "arm64"
            case 243: "riscv"
            case 258: "loong64"
            default: "machine \(code)"
            }
        }
    }
}

/// Reads the head of a file from its bytes as they come. It holds the first 4 KiB, and the loader's name wherever it is.
struct ProgramHeadReader {
    private static let headLimit = 4096
    /// `PATH_MAX`
    private static let nameLimit = 4096

    private var head: [UInt8] = []
    private var isParsed = false
    private var wanted: Range<Int>?
    private var name: [UInt8] = []
    private var machine: ProgramHead.Machine?
    private var script: String?

    mutating func content(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        if head.count < Self.headLimit, offset == head.count || head.count == offset {
            head += bytes.prefix(Self.headLimit - head.count)
            if head.count == Self.headLimit { parse() }
        }
        if let wanted, isParsed {
            // Pieces come in order; what the head has of the name is taken from there.
            let start = max(wanted.lowerBound + name.count, offset)
            let end = min(wanted.upperBound, offset + bytes.count)
            if start < end, start == wanted.lowerBound + name.count {
                name += bytes[(bytes.startIndex + start - offset)..<(bytes.startIndex + end - offset)]
            }
        }
    }

    /// What the file is; `nil` when it is neither ELF nor a script.
    mutating func finish() -> ProgramHead? {
        if !isParsed { parse() }
        if let script { return .script(script) }
        guard let machine else { return nil }
        let loader = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        return .elf(machine, loader: loader.isEmpty ? nil : loader)
    }

    private mutating func parse() {
        isParsed = true
        if head.starts(with: Array("#!".utf8)) {
            let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }.prefix(1024)
            script = String(decoding: line, as: UTF8.self)
            return
        }
        guard head.count >= 52, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]), let header = ELFHeader(head) else {
            return
        }
        // Objects and core dumps are no programs.
        guard header.type == 2 || header.type == 3 else { return }
        machine = ProgramHead.Machine(code: header.machine)
        guard let place = header.interpreter, place.count <= Self.nameLimit else { return }
        wanted = place
        if place.lowerBound < head.count { name = Array(head[place.lowerBound..<min(place.upperBound, head.count)]) }
    }
}

/// The parts of an ELF header that tell what a file is for (System V ABI, chapters 4 and 5).
private struct ELFHeader {
    let type: UInt16
    let machine: UInt16
    /// Where the loader's name stands (`PT_INTERP`).
    let interpreter: Range<Int>?

    init?(_ bytes: [UInt8]) {
        let is64 = bytes[4] == 2
        let isLittle = bytes[5] == 1
        guard is64 || bytes[4] == 1, isLittle || bytes[5] == 2 else { return nil }
        func number(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - count else { return nil }
            let field = bytes[offset..<(offset + count)]
            let value =
                isLittle
                ? field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } : field.reduce(0) { $0 << 8 | UInt64($1) }
            return Int(exactly: value)
        }
        guard let type = number(16, 2), let machine = number(18, 2), let start = number(is64 ? 32 : 28, is64 ? 8 : 4),
            let size = number(is64 ? 54 : 42, 2), let count = number(is64 ? 56 : 44, 2)
        else { return nil }
        self.type = UInt16(type)
        self.machine = UInt16(machine)
        var interpreter: Range<Int>?
        for index in 0..<min(count, 128) where interpreter == nil {
            let (offset, overflow) = start.addingReportingOverflow(index * size)
            guard !overflow, number(offset, 4) == 3,
                let from = number(offset + (is64 ? 8 : 4), is64 ? 8 : 4),
                let length = number(offset + (is64 ? 32 : 16), is64 ? 8 : 4),
                length > 0, from <= .max - length
            else { continue }
            interpreter = from..<(from + length)
        }
        self.interpreter = interpreter
    }
}

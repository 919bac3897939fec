internal import CZlib
internal import CZstd

/// Decompresses bytes as they come: gzip, zstd, or bytes that are neither, which pass as they are. Which it is, the first
/// bytes tell.
///
/// It holds one buffer and the window of the format (at most 128 MiB, `ZSTD_WINDOWLOG_LIMIT_DEFAULT`), whatever comes.
package final class Decompressor {
    /// Why bytes can't be decompressed.
    package enum Failure: Error, Hashable, Sendable {
        case malformed(String)
        /// The stream ends in its midst.
        case truncated
        /// More came out than was allowed.
        case tooLarge(limit: Int)
    }

    private enum Kind {
        case plain
        case gzip(GzipStream)
        case zstd(ZstdStream)
    }

    private var kind: Kind?
    private var start: [UInt8] = []
    private let limit: Int
    private var count = 0

    /// - Parameter limit: how many bytes may come out.
    package init(limit: Int) { self.limit = limit }

    /// Takes the next bytes, and hands on what comes out of them in pieces of at most 64 KiB.
    ///
    /// - Throws: `Failure`, or what `body` throws.
    package func push(_ input: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        guard kind == nil else { return try pass(input, body) }
        start += input
        // The longest of the marks has four bytes.
        guard start.count >= 4 else { return }
        try begin(body)
    }

    /// Says that there are no more bytes.
    ///
    /// - Throws: `truncated`, or what `body` throws.
    package func finish(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        if kind == nil { try begin(body) }
        switch kind {
        case .gzip(let stream): if !stream.isAtEnd { throw Failure.truncated }
        case .zstd(let stream): if !stream.isAtEnd { throw Failure.truncated }
        case .plain, nil: break
        }
    }

    private func begin(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let bytes = start
        start = []
        if bytes.starts(with: [0x1F, 0x8B]) {
            kind = .gzip(try GzipStream())
        } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippable(bytes) {
            kind = .zstd(try ZstdStream())
        } else {
            kind = .plain
        }
        try pass(bytes, body)
    }

    /// A frame of zstd that holds none of the content (RFC 8878, 3.1.2).
    private static func isSkippable(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }

    private func pass(_ input: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        func counted(_ piece: ArraySlice<UInt8>) throws {
            count += piece.count
            guard count <= limit else { throw Failure.tooLarge(limit: limit) }
            try body(piece)
        }
        switch kind {
        case .gzip(let stream): try stream.push(input, counted)
        case .zstd(let stream): try stream.push(input, counted)
        case .plain, nil: try counted(input[...])
        }
    }
}

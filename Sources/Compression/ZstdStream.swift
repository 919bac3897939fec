internal import CZstd

/// zstd. Several frames one after the other are one content (RFC 8878, 3).
@safe final class ZstdStream {
    /// Claims that a frame has just ended.
    private(set) var isAtEnd = false

    private let stream: OpaquePointer
    private var output = [UInt8](repeating: 0, count: 64 * 1024)

    init() throws(Decompressor.Failure) {
        guard let stream = unsafe ZSTD_createDCtx() else { throw .malformed("zstd does not start") }
        unsafe self.stream = unsafe stream
    }

    deinit { unsafe ZSTD_freeDCtx(stream) }

    func push(_ input: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var rest = input[...]
        while true {
            let (status, read, written) = step(rest)
            guard ZSTD_isError(status) == 0 else {
                let name = unsafe String(cString: ZSTD_getErrorName(status))
                throw Decompressor.Failure.malformed("the zstd data is damaged: \(name)")
            }
            rest = rest.dropFirst(read)
            if written > 0 { try body(output[..<written]) }
            if read > 0 || written > 0 { isAtEnd = status == 0 }
            // A full buffer may leave more behind than the input shows.
            if rest.isEmpty, written < output.count { return }
        }
    }

    private func step(_ input: ArraySlice<UInt8>) -> (status: Int, read: Int, written: Int) {
        unsafe input.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var into = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                let status = unsafe ZSTD_decompressStream(stream, &into, &from)
                return unsafe (status, from.pos, into.pos)
            }
        }
    }
}

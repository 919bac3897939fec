internal import CZlib

/// gzip by zlib. Several members one after the other are one content (RFC 1952, 2.2).
@safe final class GzipStream {
    /// Claims that a member has just ended.
    private(set) var isAtEnd = false

    // zlib keeps a pointer to the structure, so that it may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 64 * 1024)

    init() throws(Decompressor.Failure) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe czlib_inflate_init(stream) == Z_OK else {
            throw .malformed("zlib does not start")
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    func push(_ input: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var rest = input[...]
        while !rest.isEmpty {
            if isAtEnd {
                // Zeros that pad the last member belong to none.
                rest = rest.drop { $0 == 0 }
                if rest.isEmpty { return }
                unsafe inflateReset(stream)
                isAtEnd = false
            }
            let (status, read, written) = step(rest)
            rest = rest.dropFirst(read)
            if written > 0 { try body(output[..<written]) }
            switch status {
            case Z_STREAM_END: isAtEnd = true
            case Z_OK: break
            case Z_BUF_ERROR where written > 0 || read > 0: break
            default: throw Decompressor.Failure.malformed("the gzip data is damaged (zlib \(status))")
            }
            // A full buffer may leave more behind than the input shows.
            while status == Z_OK, rest.isEmpty, written == output.count {
                let (next, _, more) = step([])
                if more > 0 { try body(output[..<more]) }
                if next == Z_STREAM_END { isAtEnd = true }
                if next != Z_OK || more < output.count { break }
            }
        }
    }

    private func step(_ input: ArraySlice<UInt8>) -> (status: CInt, read: Int, written: Int) {
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                let status = unsafe inflate(stream, Z_NO_FLUSH)
                let read = unsafe Int(UInt32(clamping: source.count) - stream.pointee.avail_in)
                return unsafe (status, read, target.count - Int(stream.pointee.avail_out))
            }
        }
    }
}

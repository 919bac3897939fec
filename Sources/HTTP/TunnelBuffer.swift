#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One piece on its way.
struct TunnelBuffer {
    /// What a call that moves bytes without blocking came to.
    enum Call {
        case moved(Int)
        case mustWait
        case ended

        /// The result of `recv` or `write`.
        init(_ count: Int) {
            if count > 0 {
                self = .moved(count)
            } else if count < 0, errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR {
                self = .mustWait
            } else {
                self = .ended
            }
        }
    }

    private var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    private var piece = 0..<0

    var isEmpty: Bool { piece.isEmpty }

    /// Takes the next piece.
    mutating func fill(from call: (UnsafeMutableRawBufferPointer) -> Call) -> Call {
        let result = unsafe bytes.withUnsafeMutableBytes { unsafe call($0) }
        if case .moved(let count) = result { piece = 0..<count }
        return result
    }

    /// Hands the piece on, or some of it.
    mutating func drain(to call: (UnsafeRawBufferPointer) -> Call) -> Call {
        let result = unsafe bytes[piece].withUnsafeBytes { unsafe call($0) }
        if case .moved(let count) = result { piece = (piece.lowerBound + count)..<piece.upperBound }
        return result
    }

    mutating func clear() { piece = 0..<0 }
}

import CGit2

/// Owns one libgit2 object and frees it at the end of its life.
@safe final class Owned {
    let pointer: OpaquePointer
    private let free: @convention(c) (OpaquePointer?) -> Void

    init(_ pointer: OpaquePointer, _ free: @escaping @convention(c) (OpaquePointer?) -> Void) {
        unsafe self.pointer = unsafe pointer
        unsafe self.free = unsafe free
    }

    deinit { unsafe free(pointer) }
}

/// Makes an object through an out-parameter and owns it.
func own(
    _ what: @autoclosure () -> String, free: @escaping @convention(c) (OpaquePointer?) -> Void,
    _ make: (UnsafeMutablePointer<OpaquePointer?>) -> CInt
) throws(GitError) -> Owned {
    var pointer: OpaquePointer?
    let status = unsafe make(&pointer)
    guard status >= 0, let pointer = unsafe pointer else { throw GitError(status, what()) }
    return unsafe Owned(pointer, free)
}

extension [String] {
    /// Lends these strings to C, as an array that ends in `NULL` beyond its count.
    func withCStrings<Result>(
        _ body: (UnsafeMutableBufferPointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let texts = unsafe map { text in
            let bytes = text.utf8CString
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
            _ = unsafe copy.initialize(from: bytes)
            return unsafe copy
        }
        defer { for index in 0..<count { unsafe texts[index].deallocate() } }
        var pointers = unsafe texts.map { unsafe UnsafePointer($0.baseAddress) } + [nil]
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            unsafe body(UnsafeMutableBufferPointer(rebasing: buffer.dropLast()))
        }
    }
}

private import CBLAKE3

/// Hashes bytes with BLAKE3, in pieces of any size.
///
/// The hash of the specification's plain mode; eight chunks at a time where the processor has AVX2.
package struct ContentHasher: Sendable {
    private var state = cblake3_hasher()

    /// - Parameter mayVectorize: `false` forbids vector instructions; the hash is the same.
    package init(mayVectorize: Bool = true) {
        unsafe cblake3_init(&state, mayVectorize)
    }

    /// Adds bytes. Contiguous ones (arrays, buffers, buffer views) are read in place, others copied.
    package mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            unsafe cblake3_update(&state, buffer.baseAddress, buffer.count)
        }
        if done == nil {
            let copy = Array(bytes)
            unsafe cblake3_update(&state, copy, copy.count)
        }
    }

    /// The hash of everything added so far: 32 bytes unless another length of the extendable output is asked for.
    /// More may be added afterwards.
    package func finalize(length: Int = 32) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        unsafe withUnsafePointer(to: state) { unsafe cblake3_finalize($0, &output, length) }
        return output
    }

    /// The hash of everything added so far, as an id.
    package var contentID: ContentID { ContentID(hash: finalize()) }
}

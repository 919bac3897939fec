private import CBLAKE3

/// Hashes bytes with BLAKE3, in pieces of any size.
///
/// The hash of the specification's plain mode; eight chunks at a time where the processor has AVX2 or AVX-512.
package struct ContentHasher: Sendable {
    /// Sets of vector instructions.
    package enum Vectors: Sendable, CaseIterable {
        case none, avx2, avx512
    }

    private var state = cblake3_hasher()

    /// - Parameter vectors: the most that may be used where the processor has them; the hash is the same.
    package init(vectors: Vectors = .avx512) {
        let most =
            switch vectors {
            case .none: cblake3_no_vectors
            case .avx2: cblake3_avx2
            case .avx512: cblake3_avx512
            }
        unsafe cblake3_init(&state, most)
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

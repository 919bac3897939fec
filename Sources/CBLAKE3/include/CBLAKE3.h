#ifndef CBLAKE3_H
#define CBLAKE3_H

#include <stddef.h>
#include <stdint.h>

// BLAKE3 in its plain hash mode, written from the specification:
// https://github.com/BLAKE3-team/BLAKE3-specs/blob/master/blake3.pdf (section numbers in the comments are its).

/// Sets of vector instructions, each of which includes those before it.
typedef enum { cblake3_no_vectors, cblake3_avx2, cblake3_avx512 } cblake3_vectors;

/// A hash in progress. A plain value: it owns nothing and may be copied with `=`.
typedef struct {
    /// Chaining value of the chunk in progress.
    uint32_t chunk_cv[8];
    /// How many chunks are complete.
    uint64_t chunk_counter;
    /// The block of the chunk that is not compressed yet.
    uint8_t block[64];
    uint8_t block_length;
    uint8_t blocks_compressed;
    uint8_t vectors;
    uint8_t stack_depth;
    /// Chaining values of complete subtrees that still lack their right sibling, and of the latest one, which is merged
    /// later; 2^54 chunks are the most there can be.
    uint32_t stack[55 * 8];
} cblake3_hasher;

/// Starts a hash. The best instructions are used that the processor has, up to `at_most`.
void cblake3_init(cblake3_hasher *hasher, cblake3_vectors at_most);

/// Adds bytes; `bytes` may be NULL if `length` is 0.
void cblake3_update(cblake3_hasher *hasher, const uint8_t *bytes, size_t length);

/// Writes the first `length` bytes of the output; 32 are the hash. The hasher stays usable.
void cblake3_finalize(const cblake3_hasher *hasher, uint8_t *output, size_t length);

#endif

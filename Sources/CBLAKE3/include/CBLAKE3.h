#ifndef CBLAKE3_H
#define CBLAKE3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// BLAKE3 in its plain hash mode, written from the specification:
// https://github.com/BLAKE3-team/BLAKE3-specs/blob/master/blake3.pdf (section numbers in the comments are its).

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
    bool is_vectorized;
    uint8_t stack_depth;
    /// Chaining values of complete subtrees that still lack their right sibling; 2^54 chunks are the most there can be.
    uint32_t stack[54 * 8];
} cblake3_hasher;

/// Starts a hash. Vector instructions are used where the processor has them, if `may_vectorize`.
void cblake3_init(cblake3_hasher *hasher, bool may_vectorize);

/// Adds bytes; `bytes` may be NULL if `length` is 0.
void cblake3_update(cblake3_hasher *hasher, const uint8_t *bytes, size_t length);

/// Writes the first `length` bytes of the output; 32 are the hash. The hasher stays usable.
void cblake3_finalize(const cblake3_hasher *hasher, uint8_t *output, size_t length);

#endif

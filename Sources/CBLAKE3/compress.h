#ifndef CBLAKE3_COMPRESS_H
#define CBLAKE3_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

enum {
    block_bytes = 64,
    chunk_bytes = 1024,
    blocks_per_chunk = chunk_bytes / block_bytes,
    lanes = 8,
};

// Domain flags, table 3.
enum { chunk_start = 1, chunk_end = 2, parent = 4, root = 8 };

static const uint32_t cblake3_iv[8] = {
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
};

/// The order of the message words in each of the seven rounds: table 2 applied again and again. Here and not in one
/// file, so that the compiler can fold the indices.
static const uint8_t cblake3_schedule[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1}, {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4}, {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

/// The compression function of section 2.2; all 16 words of its output.
void cblake3_compress(const uint32_t cv[8], const uint8_t block[block_bytes], uint8_t block_length, uint64_t counter,
                      uint8_t flags, uint32_t output[16]);

/// Hashes eight inputs of `blocks` full blocks each, `stride` bytes apart, to eight chaining values.
///
/// Input i has the counter `counter + i * counter_step`; `first` and `last` are the flags added to its ends.
typedef void cblake3_hash_lanes(const uint8_t *input, size_t stride, size_t blocks, uint64_t counter,
                                uint64_t counter_step, uint8_t flags, uint8_t first, uint8_t last,
                                uint32_t output[lanes][8]);

cblake3_hash_lanes cblake3_hash_lanes_portable;

#if defined(__x86_64__)
#define CBLAKE3_HAS_VECTORS 1
/// Call it only where `__builtin_cpu_supports("avx2")`.
cblake3_hash_lanes cblake3_hash_lanes_avx2;
/// Call it only where `__builtin_cpu_supports("avx512vl")`.
cblake3_hash_lanes cblake3_hash_lanes_avx512;
#endif

#endif

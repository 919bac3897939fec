#include "compress.h"

#include <string.h>

static inline uint32_t load(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint32_t rotate_right(uint32_t word, int count) {
    return word >> count | word << (32 - count);
}

/// The quarter round of section 2.2.
static inline void mix(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t x, uint32_t y) {
    *a += *b + x;
    *d = rotate_right(*d ^ *a, 16);
    *c += *d;
    *b = rotate_right(*b ^ *c, 12);
    *a += *b + y;
    *d = rotate_right(*d ^ *a, 8);
    *c += *d;
    *b = rotate_right(*b ^ *c, 7);
}

void cblake3_compress(const uint32_t cv[8], const uint8_t block[block_bytes], uint8_t block_length, uint64_t counter,
                      uint8_t flags, uint32_t output[16]) {
    uint32_t m[16];
    for (int i = 0; i < 16; i++) m[i] = load(block + 4 * i);

    uint32_t v[16];
    memcpy(v, cv, 8 * sizeof *v);
    memcpy(v + 8, cblake3_iv, 4 * sizeof *v);
    v[12] = (uint32_t)counter;
    v[13] = (uint32_t)(counter >> 32);
    v[14] = block_length;
    v[15] = flags;

    for (int round = 0; round < 7; round++) {
        const uint8_t *s = cblake3_schedule[round];
        mix(&v[0], &v[4], &v[8], &v[12], m[s[0]], m[s[1]]);
        mix(&v[1], &v[5], &v[9], &v[13], m[s[2]], m[s[3]]);
        mix(&v[2], &v[6], &v[10], &v[14], m[s[4]], m[s[5]]);
        mix(&v[3], &v[7], &v[11], &v[15], m[s[6]], m[s[7]]);
        mix(&v[0], &v[5], &v[10], &v[15], m[s[8]], m[s[9]]);
        mix(&v[1], &v[6], &v[11], &v[12], m[s[10]], m[s[11]]);
        mix(&v[2], &v[7], &v[8], &v[13], m[s[12]], m[s[13]]);
        mix(&v[3], &v[4], &v[9], &v[14], m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++) {
        output[i] = v[i] ^ v[i + 8];
        output[i + 8] = v[i + 8] ^ cv[i];
    }
}

void cblake3_hash_lanes_portable(const uint8_t *input, size_t stride, size_t blocks, uint64_t counter,
                                 uint64_t counter_step, uint8_t flags, uint8_t first, uint8_t last,
                                 uint32_t output[lanes][8]) {
    for (size_t lane = 0; lane < lanes; lane++) {
        uint32_t state[16];
        memcpy(state, cblake3_iv, sizeof cblake3_iv);
        for (size_t block = 0; block < blocks; block++) {
            uint8_t block_flags = flags | (block == 0 ? first : 0) | (block + 1 == blocks ? last : 0);
            cblake3_compress(state, input + lane * stride + block * block_bytes, block_bytes,
                             counter + lane * counter_step, block_flags, state);
        }
        memcpy(output[lane], state, 8 * sizeof *state);
    }
}

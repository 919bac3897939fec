// Eight compressions side by side: vector i holds word i of all eight.
//
// Included once for each set of instructions, with TARGET, HASH_LANES and the four ROTATE_RIGHT defined.

#include <immintrin.h>
#include <string.h>

#include "compress.h"

#define VECTOR __attribute__((target(TARGET)))
#define INLINE static inline __attribute__((always_inline)) VECTOR

INLINE void mix(__m256i *a, __m256i *b, __m256i *c, __m256i *d, __m256i x, __m256i y) {
    *a = _mm256_add_epi32(_mm256_add_epi32(*a, *b), x);
    *d = ROTATE_RIGHT_16(_mm256_xor_si256(*d, *a));
    *c = _mm256_add_epi32(*c, *d);
    *b = ROTATE_RIGHT_12(_mm256_xor_si256(*b, *c));
    *a = _mm256_add_epi32(_mm256_add_epi32(*a, *b), y);
    *d = ROTATE_RIGHT_8(_mm256_xor_si256(*d, *a));
    *c = _mm256_add_epi32(*c, *d);
    *b = ROTATE_RIGHT_7(_mm256_xor_si256(*b, *c));
}

INLINE void mix_round(__m256i v[16], const __m256i m[16], const uint8_t s[16]) {
    mix(&v[0], &v[4], &v[8], &v[12], m[s[0]], m[s[1]]);
    mix(&v[1], &v[5], &v[9], &v[13], m[s[2]], m[s[3]]);
    mix(&v[2], &v[6], &v[10], &v[14], m[s[4]], m[s[5]]);
    mix(&v[3], &v[7], &v[11], &v[15], m[s[6]], m[s[7]]);
    mix(&v[0], &v[5], &v[10], &v[15], m[s[8]], m[s[9]]);
    mix(&v[1], &v[6], &v[11], &v[12], m[s[10]], m[s[11]]);
    mix(&v[2], &v[7], &v[8], &v[13], m[s[12]], m[s[13]]);
    mix(&v[3], &v[4], &v[9], &v[14], m[s[14]], m[s[15]]);
}

/// Turns rows into columns.
INLINE void transpose(__m256i v[8]) {
    __m256i pairs[8], quads[8];
    for (int i = 0; i < 4; i++) {
        pairs[2 * i] = _mm256_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        quads[4 * i] = _mm256_unpacklo_epi64(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 1] = _mm256_unpackhi_epi64(pairs[4 * i], pairs[4 * i + 2]);
        quads[4 * i + 2] = _mm256_unpacklo_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
        quads[4 * i + 3] = _mm256_unpackhi_epi64(pairs[4 * i + 1], pairs[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x20);
        v[i + 4] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x31);
    }
}

INLINE void load_message(const uint8_t *input, size_t stride, __m256i m[16]) {
    for (int half = 0; half < 2; half++) {
        for (int lane = 0; lane < lanes; lane++) {
            m[8 * half + lane] = _mm256_loadu_si256((const void *)(input + (size_t)lane * stride + 32 * half));
        }
        transpose(m + 8 * half);
    }
}

VECTOR void HASH_LANES(const uint8_t *input, size_t stride, size_t blocks, uint64_t counter, uint64_t counter_step,
                       uint8_t flags, uint8_t first, uint8_t last, uint32_t output[lanes][8]) {
    int32_t low[lanes], high[lanes];
    for (uint64_t lane = 0; lane < lanes; lane++) {
        low[lane] = (int32_t)(uint32_t)(counter + lane * counter_step);
        high[lane] = (int32_t)(uint32_t)((counter + lane * counter_step) >> 32);
    }
    const __m256i counter_low = _mm256_loadu_si256((const void *)low);
    const __m256i counter_high = _mm256_loadu_si256((const void *)high);

    __m256i cv[8];
    for (int i = 0; i < 8; i++) cv[i] = _mm256_set1_epi32((int32_t)cblake3_iv[i]);

    for (size_t block = 0; block < blocks; block++) {
        __m256i m[16], v[16];
        load_message(input + block * block_bytes, stride, m);
        uint8_t block_flags = flags | (block == 0 ? first : 0) | (block + 1 == blocks ? last : 0);
        for (int i = 0; i < 8; i++) v[i] = cv[i];
        for (int i = 0; i < 4; i++) v[8 + i] = _mm256_set1_epi32((int32_t)cblake3_iv[i]);
        v[12] = counter_low;
        v[13] = counter_high;
        v[14] = _mm256_set1_epi32(block_bytes);
        v[15] = _mm256_set1_epi32(block_flags);
        // Spelled out, so that the compiler knows each row of the schedule.
        mix_round(v, m, cblake3_schedule[0]);
        mix_round(v, m, cblake3_schedule[1]);
        mix_round(v, m, cblake3_schedule[2]);
        mix_round(v, m, cblake3_schedule[3]);
        mix_round(v, m, cblake3_schedule[4]);
        mix_round(v, m, cblake3_schedule[5]);
        mix_round(v, m, cblake3_schedule[6]);
        for (int i = 0; i < 8; i++) cv[i] = _mm256_xor_si256(v[i], v[i + 8]);
    }
    transpose(cv);
    memcpy(output, cv, sizeof cv);
}

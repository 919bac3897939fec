#include "compress.h"

#ifdef CBLAKE3_HAS_VECTORS

#define TARGET "avx2"
#define HASH_LANES cblake3_hash_lanes_avx2
// Whole bytes are moved by one shuffle.
#define BYTES(a, b, c, d)                                                                                         \
    _mm256_setr_epi8(a, b, c, d, 4 + a, 4 + b, 4 + c, 4 + d, 8 + a, 8 + b, 8 + c, 8 + d, 12 + a, 12 + b, 12 + c, \
                     12 + d, a, b, c, d, 4 + a, 4 + b, 4 + c, 4 + d, 8 + a, 8 + b, 8 + c, 8 + d, 12 + a, 12 + b,  \
                     12 + c, 12 + d)
#define ROTATE_RIGHT_16(v) _mm256_shuffle_epi8(v, BYTES(2, 3, 0, 1))
#define ROTATE_RIGHT_12(v) _mm256_or_si256(_mm256_srli_epi32(v, 12), _mm256_slli_epi32(v, 20))
#define ROTATE_RIGHT_8(v) _mm256_shuffle_epi8(v, BYTES(1, 2, 3, 0))
#define ROTATE_RIGHT_7(v) _mm256_or_si256(_mm256_srli_epi32(v, 7), _mm256_slli_epi32(v, 25))

#include "eight_lanes.h"

#endif

#include "compress.h"

#ifdef CBLAKE3_HAS_VECTORS

// Vectors as long as AVX2's: what counts is that rotating is one instruction, and that 32 registers hold everything.
#define TARGET "avx2,avx512f,avx512vl"
#define HASH_LANES cblake3_hash_lanes_avx512
#define ROTATE_RIGHT_16(v) _mm256_ror_epi32(v, 16)
#define ROTATE_RIGHT_12(v) _mm256_ror_epi32(v, 12)
#define ROTATE_RIGHT_8(v) _mm256_ror_epi32(v, 8)
#define ROTATE_RIGHT_7(v) _mm256_ror_epi32(v, 7)

#include "eight_lanes.h"

#endif

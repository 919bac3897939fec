#include "CBLAKE3.h"

#include <stdbool.h>
#include <string.h>

#include "compress.h"

/// The most chunks that are hashed as one subtree, so that nearly all of its parents fill the lanes too.
enum { subtree_chunks_max = 128 };

static cblake3_vectors supported_vectors(void) {
#ifdef CBLAKE3_HAS_VECTORS
    if (__builtin_cpu_supports("avx512vl")) return cblake3_avx512;
    if (__builtin_cpu_supports("avx2")) return cblake3_avx2;
#endif
    return cblake3_no_vectors;
}

static cblake3_hash_lanes *lane_function(const cblake3_hasher *hasher) {
#ifdef CBLAKE3_HAS_VECTORS
    if (hasher->vectors == cblake3_avx512) return cblake3_hash_lanes_avx512;
    if (hasher->vectors == cblake3_avx2) return cblake3_hash_lanes_avx2;
#endif
    return cblake3_hash_lanes_portable;
}

static void store(uint8_t *bytes, const uint32_t *words, size_t count) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(bytes, words, count * sizeof *words);
#else
    for (size_t i = 0; i < count; i++) {
        for (int b = 0; b < 4; b++) bytes[4 * i + (size_t)b] = (uint8_t)(words[i] >> 8 * b);
    }
#endif
}

/// The last compression of a chunk or parent, put off until it is known whether it is the root.
typedef struct {
    uint32_t cv[8];
    uint8_t block[block_bytes];
    uint8_t block_length;
    uint8_t flags;
    uint64_t counter;
} pending;

static void parent_block(const uint32_t left[8], const uint32_t right[8], uint8_t block[block_bytes]) {
    store(block, left, 8);
    store(block + 32, right, 8);
}

static pending pending_parent(const uint32_t left[8], const uint32_t right[8]) {
    pending result = {.block_length = block_bytes, .flags = parent};
    memcpy(result.cv, cblake3_iv, sizeof cblake3_iv);
    parent_block(left, right, result.block);
    return result;
}

static pending pending_chunk(const cblake3_hasher *hasher) {
    pending result = {
        .block_length = hasher->block_length,
        .flags = chunk_end | (hasher->blocks_compressed == 0 ? chunk_start : 0),
        .counter = hasher->chunk_counter,
    };
    memcpy(result.cv, hasher->chunk_cv, sizeof result.cv);
    memcpy(result.block, hasher->block, hasher->block_length);
    return result;
}

static void chaining_value(const pending *last, uint32_t cv[8]) {
    uint32_t words[16];
    cblake3_compress(last->cv, last->block, last->block_length, last->counter, last->flags, words);
    memcpy(cv, words, 8 * sizeof *cv);
}

static void start_chunk(cblake3_hasher *hasher) {
    memcpy(hasher->chunk_cv, cblake3_iv, sizeof cblake3_iv);
    hasher->block_length = 0;
    hasher->blocks_compressed = 0;
}

/// Merges what is complete. To be called when more input follows, so that no merged parent can be the root (section
/// 5.1.2): subtrees that stand for themselves are then as many as the ones in the count of chunks.
static void merge(cblake3_hasher *hasher) {
    while (hasher->stack_depth > __builtin_popcountll(hasher->chunk_counter)) {
        uint32_t *left = hasher->stack + 8 * (hasher->stack_depth - 2);
        pending last = pending_parent(left, left + 8);
        chaining_value(&last, left);
        hasher->stack_depth--;
    }
}

/// Adds the chaining value of a complete subtree of `chunks` chunks.
static void push(cblake3_hasher *hasher, const uint32_t cv[8], uint64_t chunks) {
    memcpy(hasher->stack + 8 * hasher->stack_depth, cv, 8 * sizeof *cv);
    hasher->stack_depth++;
    hasher->chunk_counter += chunks;
}

/// Hashes a complete subtree of `chunks` chunks: a power of two from `lanes` to `subtree_chunks_max`.
static void hash_subtree(cblake3_hash_lanes *hash_lanes, const uint8_t *input, size_t chunks, uint64_t counter,
                         uint32_t cv[8]) {
    uint32_t cvs[subtree_chunks_max][8];
    uint8_t blocks[subtree_chunks_max / 2 * block_bytes];
    for (size_t i = 0; i < chunks; i += lanes) {
        hash_lanes(input + i * chunk_bytes, chunk_bytes, blocks_per_chunk, counter + i, 1, 0, chunk_start, chunk_end,
                   cvs + i);
    }
    for (size_t count = chunks / 2; count >= 1; count /= 2) {
        for (size_t i = 0; i < count; i++) parent_block(cvs[2 * i], cvs[2 * i + 1], blocks + i * block_bytes);
        // Lanes to spare take what an earlier row left, and nobody looks at what comes of it.
        bool fills_lanes = count >= lanes || (count > 1 && chunks > lanes);
        for (size_t i = 0; i < count; i += fills_lanes ? lanes : 1) {
            if (fills_lanes) {
                hash_lanes(blocks + i * block_bytes, block_bytes, 1, 0, 0, parent, 0, 0, cvs + i);
            } else {
                uint32_t words[16];
                cblake3_compress(cblake3_iv, blocks + i * block_bytes, block_bytes, 0, parent, words);
                memcpy(cvs[i], words, sizeof cvs[i]);
            }
        }
    }
    memcpy(cv, cvs[0], sizeof cvs[0]);
}

/// How many chunks to hash as one subtree now; 0 for none. The first of all must be followed by more input: it could be
/// the root.
static size_t subtree_size(const cblake3_hasher *hasher, size_t length) {
    if (hasher->block_length != 0 || hasher->blocks_compressed != 0) return 0;
    size_t available = hasher->chunk_counter == 0 ? length - 1 : length;
    for (size_t chunks = subtree_chunks_max; chunks >= lanes; chunks /= 2) {
        if (hasher->chunk_counter % chunks == 0 && available >= chunks * chunk_bytes) return chunks;
    }
    return 0;
}

/// Adds bytes to the chunk in progress, which is complete only when more follows; gives how many were taken.
static size_t fill_chunk(cblake3_hasher *hasher, const uint8_t *bytes, size_t length) {
    if (hasher->block_length == block_bytes) {
        if (hasher->blocks_compressed == blocks_per_chunk - 1) {
            uint32_t cv[8];
            pending last = pending_chunk(hasher);
            chaining_value(&last, cv);
            push(hasher, cv, 1);
            start_chunk(hasher);
            return 0;
        }
        uint32_t words[16];
        cblake3_compress(hasher->chunk_cv, hasher->block, block_bytes, hasher->chunk_counter,
                         hasher->blocks_compressed == 0 ? chunk_start : 0, words);
        memcpy(hasher->chunk_cv, words, sizeof hasher->chunk_cv);
        hasher->blocks_compressed++;
        hasher->block_length = 0;
    }
    size_t room = block_bytes - hasher->block_length;
    size_t taken = length < room ? length : room;
    memcpy(hasher->block + hasher->block_length, bytes, taken);
    hasher->block_length += (uint8_t)taken;
    return taken;
}

void cblake3_init(cblake3_hasher *hasher, cblake3_vectors at_most) {
    memset(hasher, 0, sizeof *hasher);
    cblake3_vectors supported = supported_vectors();
    hasher->vectors = (uint8_t)(at_most < supported ? at_most : supported);
    start_chunk(hasher);
}

void cblake3_update(cblake3_hasher *hasher, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        merge(hasher);
        size_t taken;
        size_t chunks = subtree_size(hasher, length);
        if (chunks > 0) {
            uint32_t cv[8];
            hash_subtree(lane_function(hasher), bytes, chunks, hasher->chunk_counter, cv);
            push(hasher, cv, chunks);
            taken = chunks * chunk_bytes;
        } else {
            taken = fill_chunk(hasher, bytes, length);
        }
        bytes += taken;
        length -= taken;
    }
}

void cblake3_finalize(const cblake3_hasher *hasher, uint8_t *output, size_t length) {
    size_t depth = hasher->stack_depth;
    pending last;
    if (depth > 1 && hasher->block_length == 0) {
        depth -= 2;
        last = pending_parent(hasher->stack + 8 * depth, hasher->stack + 8 * (depth + 1));
    } else {
        last = pending_chunk(hasher);
    }
    for (; depth > 0; depth--) {
        uint32_t cv[8];
        chaining_value(&last, cv);
        last = pending_parent(hasher->stack + 8 * (depth - 1), cv);
    }
    for (uint64_t counter = 0; length > 0; counter++) {
        uint32_t words[16];
        uint8_t bytes[block_bytes];
        cblake3_compress(last.cv, last.block, last.block_length, counter, last.flags | root, words);
        store(bytes, words, 16);
        size_t taken = length < block_bytes ? length : block_bytes;
        memcpy(output, bytes, taken);
        output += taken;
        length -= taken;
    }
}

/*
 * malloc and its family. A request goes by its size to one of three parts:
 *
 *   slabs   (malloc_slab.c)   up to 64 bytes: blocks of one size side by side, with all that is
 *                             known of them in records elsewhere.
 *   heap    (malloc_heap.c)   up to 120 KiB: areas tiled by blocks of all sizes, neighbours joined
 *                             at once, bins by size, a good fit in constant time.
 *   large   (malloc_large.c)  one area for each block, which grows by moving pages.
 *
 * In front of the heap is a cache (malloc_cache.h): freed blocks of up to 1 KiB that are handed out
 * again as they are, a dozen instructions each way.
 *
 * Why slabs only for small blocks: when sizes and lifetimes mix, the number of live blocks of each
 * size varies and slabs stay partly empty, a quarter of them at 128 bytes and four blocks to the
 * slab. Blocks that split and join need a header of a word each, which small blocks cannot afford,
 * and leave 4 % unused in the same run.
 *
 * Misuse is found by the header of a heap block, the word below its content: its size, three flags,
 * and a seal made of the block's address (malloc_block.h). A pointer may be freed only if the
 * header in front of it has the right seal and says "allocated", and if another header follows at
 * the end of the block. The heap checks all that the second header says, the cache only that it is
 * sealed or looks free. A double free thus finds another state or no seal, and an interior pointer
 * passes only if two words of the program's look right, each a chance of one in 2^17. For slabs the
 * answer is certain. A foreign pointer lies outside all areas and is never dereferenced. Each ends
 * the program with one line that says what the pointer is. Headers of blocks that cease to exist
 * are erased, so no stale one is ever believed.
 *
 * Memory returns to the kernel: large blocks at once; the heap's top when 128 KiB of it are unused,
 * down to 64 KiB; slabs when half of them are empty. Cached blocks must not prevent that, so the
 * cache empties and closes when the heap is mostly free (malloc_cache.c).
 *
 * calloc clears only what has been written before: pages fresh from the kernel are zero, and the
 * heap knows the address above which it has never handed out anything.
 *
 * With FAULTLINE_DEBUG each block ends in a guard: pattern bytes behind the requested size, and
 * that size in the last word. It is checked when the block is freed or resized.
 *
 * Programs have one thread; nothing is locked.
 */
#include <malloc.h>
#include <stdlib.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "user/alloc/malloc/malloc_block.h"
#include "user/alloc/malloc/malloc_cache.h"
#include "user/alloc/malloc/malloc_heap.h"
#include "user/alloc/malloc/malloc_large.h"
#include "user/alloc/malloc/malloc_slab.h"
#include "user/alloc/malloc/malloc_stop.h"

/* Kept out of line so that malloc and free, which jump there, need no stack frame. */
#define tail_fn noinline_fn reg_call

/* Up to so many mapped bytes a cached block may be a grain longer than requested. In a larger
 * heap the grains would add up to more than the time is worth. */
#define GENEROUS_MAX (1024u * 1024)

#ifdef FAULTLINE_DEBUG
#define GUARD_SIZE (sizeof(uint32_t) + 1)
#else
#define GUARD_SIZE 0
#endif
#define GUARD_BYTE 0xFD

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* Ends the program with a line that says what a bad pointer is. Never returns. Not marked
 * noreturn so that callers can tail-call it without a frame. */
static tail_fn void stop_pointer(const void *pointer)
{
    const char *what = "not from malloc";
    const void *block = NULL;
    char line[128];

    if (slab_contains(pointer)) {
        what = fl_slab_blame(pointer, &block);
    } else if (fl_heap_contains(pointer)) {
        what = fl_heap_blame(pointer, &block);
    } else {
        block = fl_large_around(pointer);
        what = block != NULL ? "points into the middle of a block" : what;
    }
    if (block != NULL && block != pointer) {
        (void)snprintf(line, sizeof(line), "invalid pointer: %s (the one at %p)", what, block);
    } else {
        (void)snprintf(line, sizeof(line), "invalid pointer: %s", what);
    }
    fl_malloc_stop(pointer, line);
}

/* ---- Allocation ------------------------------------------------------------------------------ */

/* No slab in the list has room. Where no slab can be made the heap serves. */
static tail_fn void *small_alloc_slow(uint32_t grains)
{
    void *block = fl_slab_alloc_slow(grains);

    return block != NULL ? block : fl_heap_alloc(size_for(grains << GRAIN_SHIFT));
}

static tail_fn void *small_alloc(size_t bytes)
{
    uint32_t grains = grains_for(bytes);
    void *block = slab_alloc(grains);

    return block != NULL ? block : small_alloc_slow(grains);
}

/* Takes a cached block of the next larger size, in a heap that is not large. */
static inline void *cache_pop_larger(size_t size)
{
    return fl_heap.mapped <= GENEROUS_MAX && size < size_for(CACHED_MAX)
               ? cache_pop(cache_list_of(size + GRAIN))
               : NULL;
}

/* No block of this size is cached. */
static tail_fn void *cached_alloc_slow(size_t size)
{
    void *block = cache_pop_larger(size);

    return block != NULL ? block : fl_heap_alloc(size);
}

/* Larger than what is cached. */
static tail_fn void *alloc_slow(size_t bytes)
{
    return bytes <= LARGE_MIN ? fl_heap_alloc(size_for(bytes)) : fl_large_alloc(bytes, GRAIN);
}

static inline void *block_alloc(size_t bytes)
{
    if (bytes <= SMALL_MAX) {
        return small_alloc(bytes);
    }
    if (bytes <= CACHED_MAX) {
        size_t size = size_for(bytes);
        void *block = cache_pop(cache_list_of(size));
        return block != NULL ? block : cached_alloc_slow(size);
    }
    return alloc_slow(bytes);
}

/* Returns a block that needs clearing from a slab or the cache, or NULL. */
static void *ready_alloc(size_t bytes)
{
    void *block = NULL;

    if (bytes <= SMALL_MAX) {
        block = slab_alloc(grains_for(bytes));
        return block != NULL ? block : fl_slab_alloc_slow(grains_for(bytes));
    }
    if (bytes <= CACHED_MAX) {
        block = cache_pop(cache_list_of(size_for(bytes)));
        block = block != NULL ? block : cache_pop_larger(size_for(bytes));
    }
    return block;
}

/* Allocates a block whose first `bytes` bytes are zero. */
static void *zeroed_alloc(size_t bytes)
{
    void *block;

    if (bytes > LARGE_MIN) {
        return fl_large_alloc(bytes, GRAIN);
    }
    block = ready_alloc(bytes);
    return block != NULL ? memset(block, 0, bytes) : fl_heap_alloc_zeroed(size_for(bytes), bytes);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

/* True if the pointer names an allocated block of the heap. */
static inline bool is_heap_block(const void *pointer)
{
    return (uintptr_t)pointer % GRAIN == 0 && fl_heap_contains(pointer) &&
           is_allocated(header_open(pointer)) && used_size(block_of(pointer)) != 0;
}

/* The cache has no room for this block. */
static tail_fn void heap_free(void *pointer)
{
    fl_heap_free(pointer);
    cache_adjust();
}

static tail_fn void small_free(void *pointer)
{
    struct slab *slab = slab_of(pointer);

    if (!slab_has_block(slab, pointer)) {
        stop_pointer(pointer);
        return;
    }
    slab_free(slab, pointer);
}

/* Not obviously a block of the growing area: NULL, another area, a large block, or a bad
 * pointer. */
static tail_fn void free_slow(void *pointer)
{
    if (pointer == NULL) {
        return;
    }
    if (slab_contains(pointer)) {
        small_free(pointer);
    } else if (is_heap_block(pointer)) {
        heap_free(pointer);
    } else if (!fl_large_free(pointer)) {
        stop_pointer(pointer);
    }
}

static tail_fn void cached_free(void *pointer)
{
    size_t size;

    if ((uintptr_t)pointer >= (uintptr_t)fl_heap.top || !is_allocated(header_open(pointer))) {
        free_slow(pointer);
        return;
    }
    size = used_size(block_of(pointer));
    /* The heap stops the program if the header above is not right. */
    if (size > size_for(CACHED_MAX) || !has_header((const char *)pointer + size) ||
        !cache_push(pointer, size)) {
        heap_free(pointer);
    }
}

static inline void block_free(void *pointer)
{
    if ((uintptr_t)pointer >= (uintptr_t)fl_heap.first) {
        cached_free(pointer);
    } else if (slab_contains(pointer)) {
        small_free(pointer);
    } else {
        free_slow(pointer);
    }
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* Returns the bytes of a block. Stops the program if there is none at this address. */
static size_t block_usable(const void *pointer)
{
    size_t usable;

    if (slab_contains(pointer)) {
        const struct slab *slab = slab_of(pointer);
        usable = slab_has_block(slab, pointer) ? slab_block_size(slab) : 0;
    } else if (is_heap_block(pointer)) {
        usable = bytes_in(used_size(block_of(pointer)));
    } else {
        usable = fl_large_usable(pointer);
    }
    if (usable == 0) {
        stop_pointer(pointer);
    }
    return usable;
}

/* Resizes a block in place, or by moving its pages. Returns NULL if neither is possible. */
static void *block_resize(void *pointer, size_t bytes)
{
    if (slab_contains(pointer)) {
        uint32_t grains = slab_of(pointer)->grains, wanted = grains_for(bytes);
        return wanted <= grains && wanted > grains / 2 ? pointer : NULL;
    }
    if (!is_heap_block(pointer)) {
        bool becomes_small = bytes <= LARGE_MIN / 2;
        return becomes_small ? NULL : fl_large_resize(pointer, bytes);
    }
    return bytes <= LARGE_MIN && fl_heap_resize(pointer, size_for(bytes)) ? pointer : NULL;
}

/* ---- Guards (debug) -------------------------------------------------------------------------- */

/* Writes the requested size into the last word, and the pattern between the content and that
 * word. */
static inline void *guard_set(void *block, size_t bytes)
{
    if (GUARD_SIZE != 0 && block != NULL) {
        size_t room = block_usable(block) - sizeof(uint32_t);
        uint32_t stored = (uint32_t)bytes;
        memset((char *)block + bytes, GUARD_BYTE, room - bytes);
        memcpy((char *)block + room, &stored, sizeof(stored));
    }
    return block;
}

static inline size_t guard_check(const void *block)
{
    size_t usable = block_usable(block);
    uint32_t bytes;

    if (GUARD_SIZE == 0) {
        return usable;
    }
    memcpy(&bytes, (const char *)block + usable - sizeof(bytes), sizeof(bytes));
    if (bytes > usable - GUARD_SIZE) {
        fl_malloc_stop(block, "written past the end of this block");
    }
    for (size_t i = bytes; i < usable - sizeof(bytes); i++) {
        if (((const unsigned char *)block)[i] != GUARD_BYTE) {
            fl_malloc_stop(block, "written past the end of this block");
        }
    }
    return bytes;
}

/* ---- The public calls ------------------------------------------------------------------------ */

void *malloc(size_t size)
{
    if (GUARD_SIZE != 0 && size > REQUEST_MAX) {
        return no_memory();
    }
    return guard_set(block_alloc(size + GUARD_SIZE), size);
}

void free(void *pointer)
{
    if (GUARD_SIZE != 0 && pointer != NULL) {
        (void)guard_check(pointer);
    }
    block_free(pointer); /* NULL lies below every block, so the fast paths need not test for it */
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    void *block;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > REQUEST_MAX) {
        return no_memory();
    }
    block = zeroed_alloc(bytes + GUARD_SIZE);
    return guard_set(block, bytes);
}

/* A block that shrinks stays where it is if there is no memory to move it to. */
static void *move_block(void *old, size_t old_size, size_t size)
{
    void *new = malloc(size);

    if (new != NULL) {
        memcpy(new, old, old_size < size ? old_size : size);
        block_free(old);
        return new;
    }
    return size <= old_size ? guard_set(old, size) : NULL;
}

void *realloc(void *old, size_t size)
{
    size_t old_size;
    void *block;

    if (old == NULL) {
        return malloc(size);
    }
    old_size = guard_check(old);
    if (size == 0) {
        block_free(old);
        return NULL;
    }
    if (size > REQUEST_MAX) {
        return no_memory();
    }
    block = block_resize(old, size + GUARD_SIZE);
    return block != NULL ? guard_set(block, size) : move_block(old, old_size, size);
}

/* Allocates at a multiple of more than a grain: takes a block longer by the alignment and frees
 * what is below and above. */
static void *aligned_block_alloc(size_t alignment, size_t bytes)
{
    size_t size = size_for(bytes);
    char *block, *at;

    if (bytes > LARGE_MIN || alignment > LARGE_MIN - bytes) {
        return fl_large_alloc(bytes, alignment);
    }
    block = fl_heap_alloc(size + alignment);
    if (block == NULL) {
        return NULL;
    }
    at = block + (-(uintptr_t)block & (alignment - 1));
    if (at != block) {
        fl_heap_cut_front(block, at);
    }
    (void)!fl_heap_resize(at, size); /* shrinks, which cannot fail */
    return at;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    if (alignment <= GRAIN) {
        return malloc(size);
    }
    if (size > REQUEST_MAX) {
        return no_memory();
    }
    return guard_set(aligned_block_alloc(alignment, size + GUARD_SIZE), size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    int saved = errno;
    void *allocated;

    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    allocated = aligned_alloc(alignment, size);
    errno = saved;
    if (allocated == NULL) {
        return ENOMEM;
    }
    *block = allocated;
    return 0;
}

size_t malloc_usable_size(void *pointer)
{
    return pointer != NULL ? guard_check(pointer) : 0;
}

/* ---- Walk and check -------------------------------------------------------------------------- */

void malloc_walk(void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    struct heap_walk walk = {.visit = visit, .context = context};

    fl_slab_walk(&walk);
    fl_heap_walk(&walk);
    fl_large_walk(&walk);
}

const char *malloc_check(void)
{
    uint32_t n_cached = 0;
    const char *wrong = fl_cache_check(&n_cached);

    if (wrong == NULL) {
        wrong = fl_slab_check();
    }
    if (wrong == NULL) {
        wrong = fl_heap_check(n_cached);
    }
    return wrong != NULL ? wrong : fl_large_check();
}

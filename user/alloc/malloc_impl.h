/*
 * The inside of malloc, shared by its files and their test. The essay is in malloc.c; here are the
 * words of the heap: a block is named by its user address, which is a multiple of GRAIN, and its
 * header is the word below it.
 */
#ifndef ALLOC_MALLOC_IMPL_H
#define ALLOC_MALLOC_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAIN       16u
#define GRAIN_SHIFT 4
#define HEADER_SIZE sizeof(uint32_t)

/* Requests of more bytes than this get an area of their own from the kernel. */
#define LARGE_MIN (120u * 1024)
/* Beyond this a pointer difference would not fit: always refused. */
#define REQUEST_MAX (SIZE_MAX / 2 - 64u * 1024)

/* Header: the size in grains << UNITS_SHIFT, three flags, and while the block is not free a seal in the
 * upper half, which depends on the address. A free block's size fills the whole word. */
#define BLOCK_TAKEN     1u /* handed out, or in the front cache                */
#define BLOCK_PREV_FREE 2u /* the block below is free, its size is below us    */
#define BLOCK_CACHED    4u /* given back, waiting in the front cache           */
#define UNITS_SHIFT     3
#define SIZE_MASK       0xFFF8u /* the size of a block that is not free        */
#define SEAL_MASK       0xFFFF0000u
#define SEAL            0x5AC30000u
#define STATE_MASK      (SEAL_MASK | BLOCK_CACHED | BLOCK_TAKEN)

/* How errors of the program and of the heap end: one line on descriptor 2, then abort. */
__attribute__((noreturn, cold, noinline)) void fl_malloc_stop(const void *block, const char *what);

/* ---- The heap (malloc_heap.c) ------------------------------------------------------------------ */

#define heap_call __attribute__((regparm(3)))

/* All blocks of the growing area lie in [first, top). */
extern struct heap {
    uintptr_t first, top, end; /* growing area: first block, the untouched rest, the end        */
    uintptr_t zero_from;       /* nothing was ever written from here to end                      */
    size_t mapped;             /* bytes in all areas                                           */
    size_t held;               /* in blocks that are not free, the cached ones among them      */
    uintptr_t clean_from;      /* set by what takes fresh memory, for calloc: zero from here on */
} fl_heap;

/* A block of so many units, or 0. */
heap_call uintptr_t fl_heap_take(uint32_t units);
/* Gives a block back whose header is sealed as handed out; what is free beside it joins it. */
heap_call void fl_heap_give(uintptr_t block);
/* The block's size becomes `units` where it lies, if there is room. */
heap_call bool fl_heap_resize(uintptr_t block, uint32_t units);
/* The part of a block before `at`, which is a multiple of GRAIN inside it, is given back. */
heap_call void fl_heap_cut_front(uintptr_t block, uintptr_t at);
/* Is the address inside any of the heap's areas? */
heap_call bool fl_heap_contains(uintptr_t at);
/* Says, as far as it can be told, what is wrong with a pointer into the heap. */
const char *fl_heap_blame(uintptr_t at, uintptr_t *found);
/* NULL, or which invariant does not hold. cached: blocks that the caller knows to be cached. */
const char *fl_heap_check(uint32_t cached);

static inline uint32_t *header_of(uintptr_t block)
{
    return (uint32_t *)(block - HEADER_SIZE);
}

/* The header with the seal taken off, which leaves the lower half if it was the right one. The seal
 * holds the address from bit 0 on: one that is not a multiple of GRAIN has no seal that is right. */
static inline uint32_t header_open(uintptr_t block)
{
    uint32_t header;

    __builtin_memcpy(&header, (const char *)block - HEADER_SIZE, sizeof(header)); /* any address */
    return header ^ ((uint32_t)block << 16) ^ SEAL;
}

static inline uint32_t header_seal(uintptr_t block, uint32_t units, uint32_t flags)
{
    return ((uint32_t)block << 16) ^ SEAL ^ (units << UNITS_SHIFT) ^ flags;
}

static inline bool is_handed_out(uint32_t opened)
{
    return (opened & STATE_MASK) == BLOCK_TAKEN;
}

static inline bool is_cached(uint32_t opened)
{
    return (opened & STATE_MASK) == (BLOCK_TAKEN | BLOCK_CACHED);
}

/* May this stand above a block? A free one has no seal. */
static inline bool is_plausible(uint32_t opened)
{
    return opened <= ~SEAL_MASK || !(opened & BLOCK_TAKEN);
}

static inline uint32_t units_for(size_t bytes)
{
    return (uint32_t)((bytes + HEADER_SIZE + GRAIN - 1) >> GRAIN_SHIFT);
}

static inline size_t bytes_in(uint32_t units)
{
    return ((size_t)units << GRAIN_SHIFT) - HEADER_SIZE;
}

/* ---- Large blocks (malloc_large.c) --------------------------------------------------------------- */

/* NULL if the kernel refuses. alignment: a power of two. Always zero: sets fl_heap.clean_from. */
void *fl_large_take(size_t bytes, size_t alignment);
/* false: no large block starts there. */
bool fl_large_give(void *block);
/* Bytes usable, or 0: no large block starts there. */
size_t fl_large_usable(const void *block);
/* Grows or shrinks, moving if it must. NULL: refused, the block is as it was. */
void *fl_large_resize(void *block, size_t bytes);
/* The large block whose area contains the address, or NULL. */
void *fl_large_around(const void *at);
const char *fl_large_check(void);

#endif

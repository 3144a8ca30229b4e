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

#include "lib/list.h"
#include "user/alloc/include/heapwalk.h"
#include "user/alloc/os_pages.h"

#define GRAIN       16u
#define GRAIN_SHIFT 4
#define HEADER_SIZE sizeof(uint32_t)

/* Requests of more bytes than this get an area of their own from the kernel. */
#define LARGE_MIN (120u * 1024)
/* Beyond this a pointer difference would not fit: always refused. */
#define REQUEST_MAX (SIZE_MAX / 2 - 64u * 1024)

/* Header of a block in the heap: its size in bytes, header included, a multiple of GRAIN, in whose low
 * bits are three flags; and while the block is not free a seal above the size, which depends on the
 * address. A free block's header is just its size. */
#define BLOCK_TAKEN     1u       /* handed out, or in the front cache                */
#define BLOCK_PREV_FREE 2u       /* the block below is free, its size is below us    */
#define BLOCK_CACHED    4u       /* given back, waiting in the front cache           */
#define SIZE_MASK       0x1FFF0u /* the size of a block that is not free       */
#define SEAL_SHIFT      17
#define SEAL_MASK       0xFFFE0000u
#define SEAL            0x5AC20000u
#define STATE_MASK      (SEAL_MASK | BLOCK_CACHED | BLOCK_TAKEN)

#define heap_call __attribute__((regparm(3)))

/* A pointer that is no block: says what it is, and ends the program (malloc.c). */
__attribute__((noreturn, cold, noinline)) void fl_malloc_stop_pointer(uintptr_t pointer);
/* The state of malloc_walk, which is done in parts: each visits what it knows and counts piece->region on. */
struct heap_walk {
    void (*visit)(const struct heap_piece *piece, void *context);
    void *context;
    struct heap_piece piece;
};

static inline void walk_piece(struct heap_walk *walk, uintptr_t start, size_t size, bool is_used)
{
    walk->piece.address = start;
    walk->piece.memory = (const void *)start;
    walk->piece.size = size;
    walk->piece.is_used = is_used;
    walk->visit(&walk->piece, walk->context);
}

/* How errors of the program and of the heap end: one line on descriptor 2, then abort. */
__attribute__((noreturn, cold, noinline)) void fl_malloc_stop(const void *block, const char *what);

/* ---- The heap (malloc_heap.c) ------------------------------------------------------------------ */

/* All blocks of the growing area lie in [first, top). */
extern struct heap {
    uintptr_t first, top, end; /* growing area: first block, the untouched rest, the end        */
    uintptr_t zero_from;       /* nothing was ever written from here to end                      */
    size_t mapped;             /* bytes in all areas                                           */
    size_t held;               /* in blocks that are not free, the cached ones among them      */
    uintptr_t clean_from;      /* set by what takes fresh memory, for calloc: zero from here on */
} fl_heap;

/* A block of this size (size_for), or 0 with errno set. */
heap_call uintptr_t fl_heap_take(size_t size);
/* Gives a block back whose header is sealed as handed out; what is free beside it joins it. */
heap_call void fl_heap_give(uintptr_t block);
/* Makes the block longer or shorter where it lies, if there is room. */
heap_call bool fl_heap_resize(uintptr_t block, size_t size);
/* The part of a block before `at`, which is a multiple of GRAIN inside it, is given back. */
heap_call void fl_heap_cut_front(uintptr_t block, uintptr_t at);
/* Is the address inside any of the heap's areas? */
heap_call bool fl_heap_contains(uintptr_t at);
/* Says, as far as it can be told, what is wrong with a pointer into the heap. */
const char *fl_heap_blame(uintptr_t at, uintptr_t *found);
void fl_heap_walk(struct heap_walk *walk);
/* NULL, or which invariant does not hold. cached: blocks that the caller knows to be cached. */
const char *fl_heap_check(uint32_t cached);

static inline size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
}

static inline uint32_t *header_of(uintptr_t block)
{
    return (uint32_t *)(block - HEADER_SIZE);
}

static inline uint32_t seal_of(uintptr_t block)
{
    return (uint32_t)block << SEAL_SHIFT ^ SEAL;
}

/* The header with the seal taken off, which leaves size and flags if it was the right one. The seal
 * holds the address from bit 0 on: a header that malloc wrote is never right for one that is no multiple of GRAIN. */
static inline uint32_t header_open(uintptr_t block)
{
    uint32_t header;

    __builtin_memcpy(&header, (const char *)block - HEADER_SIZE, sizeof(header)); /* any address */
    return header ^ seal_of(block);
}

static inline bool is_handed_out(uint32_t opened)
{
    return (opened & STATE_MASK) == BLOCK_TAKEN;
}

static inline bool is_cached(uint32_t opened)
{
    return (opened & STATE_MASK) == (BLOCK_TAKEN | BLOCK_CACHED);
}

/* Handed out or cached, and so sealed. */
static inline bool is_taken(uint32_t opened)
{
    return (opened & (SEAL_MASK | BLOCK_TAKEN)) == BLOCK_TAKEN;
}

static inline bool is_free(uintptr_t block)
{
    return !(*header_of(block) & BLOCK_TAKEN);
}

/* Of a block that is not free. */
static inline size_t size_of(uintptr_t block)
{
    return *header_of(block) & SIZE_MASK;
}

/* A block of this size holds so many bytes: what fits between its header and the next one. */
static inline size_t size_for(size_t bytes)
{
    return (bytes + HEADER_SIZE + GRAIN - 1) & ~(size_t)(GRAIN - 1);
}

static inline size_t bytes_in(size_t size)
{
    return size - HEADER_SIZE;
}

/* ---- Slabs (malloc_slab.c) ---------------------------------------------------------------------- */

#define SMALL_MAX    64u /* bytes of the largest block that comes from a slab */
#define SMALL_GRAINS (SMALL_MAX / GRAIN)
#define SLAB_SIZE    512u
#define SLAB_SHIFT   9

/* All there is to know of a slab. Slab and record have the same number. */
struct slab {
    LIST_ENTRY(slab) in_list; /* of its size, while is_listed; of those that are free    */
    uintptr_t start;          /* of its bytes                                            */
    uint32_t taken;           /* bit n: at grain n starts a block that is handed out     */
    uint8_t grains;           /* in each block; 0: the slab is free                      */
    bool is_listed;           /* in the list of its size: had room when last looked at   */
};

LIST_HEAD(slab_list, slab);

extern struct slabs {
    uintptr_t first;      /* of the area of the slabs                      */
    size_t span;          /* bytes from there that slabs have been made of */
    struct slab *records; /* in pages of their own                         */
    /* Slabs that may have room, by grains in their blocks; the first list stays empty. */
    struct slab_list with_room[SMALL_GRAINS + 1];
} fl_slabs;

/* Where blocks start in a slab, by grains: every n-th bit, as often as n grains fit. */
extern const uint32_t fl_slab_starts[SMALL_GRAINS + 1];

/* When the first slab of the list is full, or there is none: a block from the next or a new
 * one, or from the heap when no slab can be made. NULL: refused, errno is set. */
heap_call void *fl_slab_take_next(uint32_t grains);
/* A slab that was full has got room. */
heap_call void fl_slab_list(struct slab *slab);
/* A slab has lost its last block. */
heap_call void fl_slab_emptied(struct slab *slab);
/* Bytes of the block that starts here, in the slabs' area; 0: none that is handed out does. */
heap_call size_t fl_slab_usable(uintptr_t block);
/* As fl_heap_blame. */
const char *fl_slab_blame(uintptr_t at, uintptr_t *found);
void fl_slab_walk(struct heap_walk *walk);
const char *fl_slab_check(void);

static inline bool fl_slab_contains(uintptr_t at)
{
    return at - fl_slabs.first < fl_slabs.span;
}

/* Grains in the blocks that are taken for so many bytes. */
static inline uint32_t grains_for(size_t bytes)
{
    return (bytes + GRAIN - 1) >> GRAIN_SHIFT;
}

static inline struct slab *slab_of(uintptr_t at)
{
    return &fl_slabs.records[(at - fl_slabs.first) >> SLAB_SHIFT];
}

/* In its slab's bitmap. */
static inline uint32_t slab_bit_of(uintptr_t at)
{
    return 1u << (at >> GRAIN_SHIFT) % (SLAB_SIZE / GRAIN);
}

/* A block of the slab, or NULL if it is full. */
static inline void *slab_take(struct slab *slab, uint32_t grains)
{
    uint32_t room = fl_slab_starts[grains] & ~slab->taken;

    if (__builtin_expect(room == 0, false)) {
        return NULL;
    }
    slab->taken |= room & -room;
    return (void *)(slab->start + ((uintptr_t)__builtin_ctz(room) << GRAIN_SHIFT));
}

static inline bool is_slab_block(const struct slab *slab, uintptr_t at)
{
    return at % GRAIN == 0 && (slab->taken & slab_bit_of(at)) != 0;
}

/* ---- Large blocks (malloc_large.c) --------------------------------------------------------------- */

/* NULL with errno set if the kernel refuses. alignment: a power of two. Always zero: sets fl_heap.clean_from. */
void *fl_large_take(size_t bytes, size_t alignment);
/* false: no large block starts there. */
bool fl_large_give(void *block);
/* Bytes usable, or 0: no large block starts there. */
size_t fl_large_usable(const void *block);
/* Grows or shrinks, moving if it must. NULL: refused, the block is as it was. */
void *fl_large_resize(void *block, size_t bytes);
/* The large block whose area contains the address, or NULL. */
void *fl_large_around(const void *at);
void fl_large_walk(struct heap_walk *walk);
const char *fl_large_check(void);

#endif

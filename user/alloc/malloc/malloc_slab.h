/* Slabs, from which malloc takes small blocks. The file malloc_slab.c explains them. */
#ifndef ALLOC_MALLOC_SLAB_H
#define ALLOC_MALLOC_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"
#include "user/alloc/malloc/malloc_block.h"
#include "user/alloc/malloc/malloc_walk.h"

#define SMALL_GRAINS 4u                     /* in the largest block of a slab */
#define SMALL_MAX    (SMALL_GRAINS * GRAIN) /* its bytes                      */
#define SLAB_GRAINS  32u                    /* in a slab: a word has a bit for each */
#define SLAB_SIZE    (SLAB_GRAINS * GRAIN)

/* The record of a slab. Slabs and records are numbered alike. */
struct slab {
    LIST_ENTRY(slab) in_list; /* of its block size while is_listed; of free slabs while free   */
    uintptr_t start;          /* of the slab's bytes                                           */
    uint32_t used;            /* bit n: an allocated block starts at grain n                   */
    uint8_t grains;           /* in each of its blocks; 0: the slab is free                    */
    bool is_listed;           /* in the list of its block size: had room when last examined    */
};

LIST_HEAD(slab_list, slab);

extern struct slabs {
    uintptr_t first;      /* start of the slabs' area               */
    size_t span;          /* bytes from there that are slabs        */
    struct slab *records; /* in pages of their own                  */
    /* Slabs that may have room, by the grains of their blocks; the first list stays empty. */
    struct slab_list with_room[SMALL_GRAINS + 1];
} fl_slabs;

/* Where blocks start in a slab, by their grains: every n-th bit, as often as n grains fit. */
extern const uint32_t fl_slab_starts[SMALL_GRAINS + 1];

/* Allocates a block when the first slab of its list is full or there is none. Returns NULL if no
 * slab has room and none can be made. */
must_check reg_call void *fl_slab_alloc_slow(uint32_t grains);

/* Lists a slab that was full and has room again. */
reg_call void fl_slab_list(struct slab *slab);

/* Frees a slab that has lost its last block, unless it is the last one of its block size. */
reg_call void fl_slab_emptied(struct slab *slab);

/* Explains what is wrong with a pointer into the slabs; *found becomes the block around it, if
 * any. */
const char *fl_slab_blame(const void *at, const void **found);

void fl_slab_walk(struct heap_walk *walk);

/* Returns NULL, or the invariant that is broken. */
const char *fl_slab_check(void);

static inline bool slab_contains(const void *at)
{
    return (uintptr_t)at - fl_slabs.first < fl_slabs.span;
}

/* Grains of a block with room for so many bytes. */
static inline uint32_t grains_for(size_t bytes)
{
    return (uint32_t)((bytes + GRAIN - 1) >> GRAIN_SHIFT);
}

/* Needs an address in the slabs' area. */
static inline struct slab *slab_of(const void *at)
{
    return &fl_slabs.records[((uintptr_t)at - fl_slabs.first) / SLAB_SIZE];
}

/* The address's bit in the map of its slab. */
static inline uint32_t slab_bit_of(const void *at)
{
    return 1u << ((uintptr_t)at >> GRAIN_SHIFT) % SLAB_GRAINS;
}

/* True if an allocated block of the slab starts at the address. */
static inline bool slab_has_block(const struct slab *slab, const void *at)
{
    return (uintptr_t)at % GRAIN == 0 && (slab->used & slab_bit_of(at)) != 0;
}

/* Bytes of each of its blocks, or 0 if it is free. */
static inline size_t slab_block_size(const struct slab *slab)
{
    return (size_t)slab->grains << GRAIN_SHIFT;
}

/* Allocates a block of the slab. Returns NULL if it is full. */
static inline void *slab_take(struct slab *slab, uint32_t grains)
{
    uint32_t room = fl_slab_starts[grains] & ~slab->used;

    if (room == 0) {
        return NULL;
    }
    slab->used |= room & -room;
    return (void *)(slab->start + ((uintptr_t)__builtin_ctz(room) << GRAIN_SHIFT));
}

/* Allocates a block of the first slab with room. Returns NULL if fl_slab_alloc_slow must look. */
static inline void *slab_alloc(uint32_t grains)
{
    struct slab *slab = LIST_FIRST(&fl_slabs.with_room[grains]);

    return slab != NULL ? slab_take(slab, grains) : NULL;
}

/* Frees a block for which slab_has_block holds. */
static inline void slab_free(struct slab *slab, const void *block)
{
    slab->used ^= slab_bit_of(block);
    if (slab->used == 0) {
        fl_slab_emptied(slab);
    } else if (!slab->is_listed) {
        fl_slab_list(slab);
    }
}

#endif

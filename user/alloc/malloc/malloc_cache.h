/*
 * The front cache: freed blocks of the heap that malloc hands out again as they are. One list for
 * each size, last in, first out.
 */
#ifndef ALLOC_MALLOC_CACHE_H
#define ALLOC_MALLOC_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/alloc/malloc/malloc_block.h"
#include "user/alloc/malloc/malloc_heap.h"

#define CACHED_MAX  1024u /* content of the largest block that is cached, in bytes */
#define CACHE_LISTS (CACHED_MAX / GRAIN + 2)

/* The content of a cached block. */
struct cached {
    struct cached *next;
};

/* Free list for one size. */
struct cache_list {
    struct cached *first;
    int32_t room; /* how many more blocks it may take */
};

extern struct cache {
    struct cache_list lists[CACHE_LISTS]; /* by grains; the sizes that slabs serve have no room */
    /* The lists' room suits the heap while its mapped size is this one and what it holds lies in
     * [held_min, held_min + held_span]. */
    size_t mapped, held_min, held_span;
} fl_cache;

/* Fits the lists' room to the heap as it is now. */
reg_call void fl_cache_adjust_slow(void);

/* Stops the program: a cached block has been written to. */
noreturn_fn cold_fn void fl_cache_stop_written(const void *block);

/* Returns NULL, or the invariant that is broken. Adds the number of cached blocks to *n_cached. */
const char *fl_cache_check(uint32_t *n_cached);

static inline struct cache_list *cache_list_of(size_t size)
{
    return &fl_cache.lists[size >> GRAIN_SHIFT];
}

/* Takes the block that came in last. Returns NULL if the list is empty. */
static inline void *cache_pop(struct cache_list *list)
{
    struct cached *cached = list->first;

    if (cached != NULL) {
        if (!is_cached(header_open(cached))) {
            fl_cache_stop_written(cached);
        }
        list->first = cached->next;
        list->room++;
        block_of(cached)->header ^= BLOCK_CACHED;
    }
    return cached;
}

/* Puts an allocated block of this size into the cache. Returns false if its list has no room. */
static inline bool cache_push(void *content, size_t size)
{
    struct cache_list *list = cache_list_of(size);
    struct cached *cached = content;

    if (--list->room < 0) {
        list->room = 0;
        return false;
    }
    cached->next = list->first;
    list->first = cached;
    block_of(content)->header |= BLOCK_CACHED;
    return true;
}

/* Called after a block went past the cache to the heap. */
static inline void cache_adjust(void)
{
    if (fl_heap.mapped != fl_cache.mapped ||
        fl_heap.held - fl_cache.held_min > fl_cache.held_span) {
        fl_cache_adjust_slow();
    }
}

#endif

/*
 * The size of the front cache (malloc_cache.h has its two fast operations).
 *
 * A cached block counts as used and so pins the heap around it. The cache is therefore emptied and
 * closed when less than half of the heap is in use, and opens again when three quarters are. In a
 * small heap and in a large one, where its bytes do not show, it is ample.
 */
#include "user/alloc/malloc/malloc_cache.h"

#include "user/alloc/malloc/malloc_slab.h"
#include "user/alloc/malloc/malloc_stop.h"

/* A list has room for the largest n with n * (n + 1) * size <= share. Where sizes come and go at
 * random, a list of n sends one block in n + 1 to the heap, so one more place in it saves 1 / (n
 * + 1) - 1 / (n + 2) of these calls, and holds half a block on average: every list ends where
 * one more byte would save the same. */
#define SHARE_CLOSED 0u
#define SHARE        2400u
#define SHARE_AMPLE  8192u

#define HEAP_SMALL (128u * 1024)       /* the cache is ample up to so many mapped bytes ... */
#define HEAP_LARGE (16u * 1024 * 1024) /* ... and from so many on                           */

struct cache fl_cache;

static uint32_t share; /* from which the lists' room was computed */

void fl_cache_stop_written(const void *block)
{
    fl_malloc_stop(block, "written to after it was freed");
}

/* Frees all blocks of a list to the heap. */
static void list_empty(struct cache_list *list)
{
    struct cached *cached = list->first;

    list->first = NULL;
    while (cached != NULL) {
        struct cached *next = cached->next;
        block_of(cached)->header ^= BLOCK_CACHED;
        fl_heap_free(cached);
        cached = next;
    }
}

static void set_share(uint32_t new_share)
{
    if (new_share == share) {
        return;
    }
    share = new_share;
    for (size_t size = size_for(SMALL_MAX); size <= size_for(CACHED_MAX); size += GRAIN) {
        int32_t room = 0;
        while ((size_t)(room + 1) * (size_t)(room + 2) * size <= share) {
            room++;
        }
        list_empty(cache_list_of(size));
        cache_list_of(size)->room = room;
    }
}

static void set_range(size_t mapped, size_t held_min, size_t held_span)
{
    fl_cache.mapped = mapped;
    fl_cache.held_min = held_min;
    fl_cache.held_span = held_span;
}

reg_call void fl_cache_adjust_slow(void)
{
    size_t mapped = fl_heap.mapped, held = fl_heap.held;

    if (mapped <= HEAP_SMALL) {
        set_range(mapped, 0, SIZE_MAX);
        set_share(SHARE_AMPLE);
    } else if (held < mapped / 2 || (share == SHARE_CLOSED && held < mapped / 4 * 3)) {
        set_range(mapped, 0, mapped / 4 * 3);
        set_share(SHARE_CLOSED);
    } else {
        set_range(mapped, mapped / 2, mapped);
        set_share(mapped < HEAP_LARGE ? SHARE : SHARE_AMPLE);
    }
}

const char *fl_cache_check(uint32_t *n_cached)
{
    for (size_t size = 0; size <= size_for(CACHED_MAX); size += GRAIN) {
        const struct cached *cached = cache_list_of(size)->first;
        for (; cached != NULL; cached = cached->next, (*n_cached)++) {
            if (!is_cached(header_open(cached)) || used_size(block_of(cached)) != size) {
                return "a cached block is in the wrong list";
            }
        }
    }
    return NULL;
}

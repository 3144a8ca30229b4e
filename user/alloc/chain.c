/*
 * The chain engine (chain.h explains what a chain is).
 *
 * An operation that can fail does so before its first change: chain_alloc reserves the records it
 * may need, then maps memory, and cannot fail after that.
 *
 * The index holds runs rather than segments because nearly every operation makes or removes a
 * segment, and a tree that had to follow each time would spend as much on its balance as on its
 * searches. A run takes in a segment by counting it. Only a run that overflows is split, and only
 * an empty one is removed. Runs are never joined: one that is nearly empty fills up again, and
 * there are never more runs than segments. (Johnson and Shasha, "B-trees with inserts and deletes:
 * why free-at-empty is better than merge-at-half", 1993.)
 *
 * What remains is to keep the sums, and most of an operation's cost is the way up from a run as far
 * as they change. Each run therefore holds the sums of both of its subtrees, so that neither the
 * way up nor the search down reads a child that it does not pass through.
 *
 * A segment never moves. A split leaves the PROCESS in the hole's record and makes a new one for
 * the rest; a join keeps the record on the left.
 */
#include "user/alloc/chain.h"

#include <assert.h>
#include <stdint.h>

/* ---- Records --------------------------------------------------------------------------------- */

/* Bytes that a growing pool maps at a time, to spread the cost of the call. */
#define POOL_GROWTH (16 * PAGE_SIZE)

static void pool_init(struct record_pool *pool, struct chain_record *records, size_t n_records)
{
    SLIST_INIT(&pool->freed);
    SLIST_INIT(&pool->pages);
    pool->fresh = records;
    pool->fresh_end = records + n_records;
    pool->n_free = n_records;
    pool->n_used = 0;
    pool->is_growing = records == NULL;
}

/* Called with fewer than CHAIN_RESERVE records left. Drops the fresh ones, too few to keep. */
static bool pool_grow_slow(struct record_pool *pool)
{
    struct chain_record *records = pool->is_growing ? os_pages_map(POOL_GROWTH) : NULL;
    if (records == NULL) {
        return false;
    }
    size_t n_left = (size_t)(pool->fresh_end - pool->fresh);
    size_t n_new = POOL_GROWTH / sizeof(*records) - 1;

    SLIST_INSERT_HEAD(&pool->pages, records, next);
    pool->fresh = records + 1;
    pool->fresh_end = pool->fresh + n_new;
    pool->n_free += n_new - n_left;
    return true;
}

static inline bool pool_reserve(struct record_pool *pool)
{
    return pool->n_free >= CHAIN_RESERVE || pool_grow_slow(pool);
}

/* Allocates one of the records that pool_reserve promised. */
static struct chain_record *pool_alloc(struct record_pool *pool)
{
    struct chain_record *record = SLIST_FIRST(&pool->freed);

    if (record != NULL) {
        SLIST_REMOVE_HEAD(&pool->freed, next);
    } else {
        record = pool->fresh++;
    }
    pool->n_free--;
    pool->n_used++;
    return record;
}

static void pool_free(struct record_pool *pool, struct chain_record *record)
{
    SLIST_INSERT_HEAD(&pool->freed, record, next);
    pool->n_free++;
    pool->n_used--;
}

static void pool_destroy(struct record_pool *pool)
{
    while (!SLIST_EMPTY(&pool->pages)) {
        struct chain_record *page = SLIST_FIRST(&pool->pages);
        SLIST_REMOVE_HEAD(&pool->pages, next);
        os_pages_unmap(page, POOL_GROWTH);
    }
}

/* ---- The index of regions by memory ---------------------------------------------------------- */

static inline int region_compare(const struct region *a, const struct region *b)
{
    return a->memory < b->memory ? -1 : a->memory > b->memory;
}

RB_GENERATE_STATIC(region_index, region, in_index, region_compare)

static struct region *region_of_pointer(const struct chain *chain, const void *pointer)
{
    uintptr_t place = (uintptr_t)pointer;
    struct region *region = RB_ROOT(&chain->regions_by_memory);

    while (region != NULL && place - (uintptr_t)region->memory >= region->size) {
        region = place < (uintptr_t)region->memory ? RB_LEFT(region, in_index)
                                                   : RB_RIGHT(region, in_index);
    }
    return region;
}

/* ---- The index of runs by address, with the largest hole of each subtree --------------------- */

static inline size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t run_largest_hole(const struct run *run)
{
    const struct segment *segment = run->first;
    size_t largest = segment->hole_size, n = run->n_segments;

    while (--n > 0) {
        segment = TAILQ_NEXT(segment, in_region);
        largest = max(largest, segment->hole_size);
    }
    return largest;
}

/* The largest hole of the subtree whose root is this run. */
static inline size_t run_sum(const struct run *run)
{
    return max(run->largest_hole, max(run->largest_left, run->largest_right));
}

static inline size_t subtree_sum(const struct run *root)
{
    return root != NULL ? run_sum(root) : 0;
}

static inline int run_compare(const struct run *a, const struct run *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

/* Called by the tree's macros for a node whose children changed. */
#undef RB_AUGMENT
#define RB_AUGMENT(run)                                                                            \
    ((run)->largest_left = subtree_sum(RB_LEFT(run, in_index)),                                    \
     (run)->largest_right = subtree_sum(RB_RIGHT(run, in_index)))

RB_GENERATE_STATIC(run_index, run, in_index, run_compare)

/* When the holes of a run change, the sums above it are updated before the tree changes in any
 * other way. Above a sum that does not change, none does. */

static void run_set_largest_hole(struct run *run, size_t size)
{
    struct run *parent;
    size_t largest;

    run->largest_hole = size;
    largest = run_sum(run);
    for (; (parent = RB_PARENT(run, in_index)) != NULL; run = parent) {
        if (run == RB_LEFT(parent, in_index)) {
            if (parent->largest_left == largest) {
                return;
            }
            parent->largest_left = largest;
            largest = max(largest, parent->largest_right);
        } else {
            if (parent->largest_right == largest) {
                return;
            }
            parent->largest_right = largest;
            largest = max(largest, parent->largest_left);
        }
        largest = max(largest, parent->largest_hole);
    }
}

/* Brings the sums up to date after any change to the run's segments. */
static void run_update(struct run *run)
{
    run_set_largest_hole(run, run_largest_hole(run));
}

/* Brings the sums up to date after a hole grew to this size, without a look at the others. */
static void run_update_larger(struct run *run, size_t size)
{
    struct run *parent;

    if (run->largest_hole >= size) {
        return;
    }
    run->largest_hole = size;
    for (; (parent = RB_PARENT(run, in_index)) != NULL; run = parent) {
        if (run == RB_LEFT(parent, in_index)) {
            if (parent->largest_left >= size) {
                return;
            }
            parent->largest_left = size;
        } else {
            if (parent->largest_right >= size) {
                return;
            }
            parent->largest_right = size;
        }
    }
}

/* Returns the leftmost hole of at least size bytes in a run that has one. */
static inline struct segment *run_first_fit(const struct run *run, size_t size)
{
    struct segment *segment = run->first;

    while (segment->hole_size < size) {
        segment = TAILQ_NEXT(segment, in_region);
    }
    return segment;
}

/* Returns the leftmost of all, or NULL. Below a root with a large enough hole every step leads to
 * one. */
static struct segment *index_first_fit(const struct chain *chain, size_t size)
{
    const struct run *run = RB_ROOT(&chain->runs_by_address);

    if (subtree_sum(run) < size) {
        return NULL;
    }
    for (;;) {
        if (run->largest_left >= size) {
            run = RB_LEFT(run, in_index);
        } else if (run->largest_hole < size) {
            run = RB_RIGHT(run, in_index);
        } else {
            return run_first_fit(run, size);
        }
    }
}

/* Returns the last run that starts at or before an address of the chain. */
static inline const struct run *index_run_of(const struct chain *chain, size_t address)
{
    const struct run *run = RB_ROOT(&chain->runs_by_address), *found = run;

    for (;;) {
        while (address >= run->start) {
            found = run;
            run = RB_RIGHT(run, in_index);
            if (run == NULL) {
                return found;
            }
        }
        run = RB_LEFT(run, in_index);
        if (run == NULL) {
            return found;
        }
    }
}

struct segment *chain_segment_of(const struct chain *chain, size_t address)
{
    if (address < chain->start || address >= chain->end) {
        return NULL;
    }
    struct segment *segment = index_run_of(chain, address)->first;
    while (address - segment->start >= segment->size) {
        segment = TAILQ_NEXT(segment, in_region);
    }
    return segment;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Makes a run of the n_segments that begin with `first`. The caller updates its sums. */
static struct run *run_create(struct chain *chain, struct region *region, struct segment *first,
                              size_t n_segments)
{
    struct run *run = &pool_alloc(&chain->pool)->run;

    run->region = region;
    run->first = first;
    run->n_segments = n_segments;
    run->start = first->start;
    run->largest_hole = run->largest_left = run->largest_right = 0;
    RB_INSERT(run_index, &chain->runs_by_address, run);
    for (struct segment *segment = first; n_segments > 0; n_segments--) {
        segment->run = run;
        segment = TAILQ_NEXT(segment, in_region);
    }
    return run;
}

static cold_fn void run_destroy(struct chain *chain, struct run *run)
{
    run_set_largest_hole(run, 0);
    RB_REMOVE(run_index, &chain->runs_by_address, run);
    pool_free(&chain->pool, (struct chain_record *)run);
}

/* Moves the second half of a run into a run of its own. */
static cold_fn void run_split(struct chain *chain, struct run *run)
{
    size_t n_kept = run->n_segments / 2, n_moved = run->n_segments - n_kept;
    struct segment *middle = run->first;

    for (size_t i = 0; i < n_kept; i++) {
        middle = TAILQ_NEXT(middle, in_region);
    }
    run->n_segments = n_kept;
    run_update(run);
    run_update(run_create(chain, run->region, middle, n_moved));
}

/* ---- Segments -------------------------------------------------------------------------------- */

static bool is_hole(const struct segment *segment)
{
    return segment != NULL && segment->kind == SEGMENT_HOLE;
}

static void segment_set(struct segment *segment, size_t size, enum segment_kind kind)
{
    segment->size = size;
    segment->kind = kind;
    segment->hole_size = kind == SEGMENT_HOLE ? size : 0;
}

static struct segment *hole_create(struct chain *chain, size_t start, size_t size)
{
    struct segment *segment = &pool_alloc(&chain->pool)->segment;

    segment->start = start;
    segment_set(segment, size, SEGMENT_HOLE);
    return segment;
}

/* Inserts the rest of a hole behind the segment carved from it. The caller updates the run's
 * sums. */
static void hole_insert_after(struct chain *chain, struct segment *segment, size_t size)
{
    struct segment *hole = hole_create(chain, segment->start + segment->size, size);
    struct run *run = segment->run;

    TAILQ_INSERT_AFTER(&run->region->segments, segment, hole, in_region);
    run->region->n_segments++;
    hole->run = run;
    run->n_segments++;
    if (run->n_segments > RUN_MAX) {
        run_split(chain, run);
    }
}

/* Joins a hole with the hole behind it. The caller updates the sums of the first one's run. */
static void hole_join_next(struct chain *chain, struct segment *hole)
{
    struct segment *gone = TAILQ_NEXT(hole, in_region);
    struct run *run = gone->run;

    segment_set(hole, hole->size + gone->size, SEGMENT_HOLE);
    run->n_segments--;
    if (run->n_segments == 0) {
        run_destroy(chain, run);
    } else if (run != hole->run) {
        run->first = TAILQ_NEXT(gone, in_region);
        run->start = run->first->start;
        run_update(run);
    }
    TAILQ_REMOVE(&hole->run->region->segments, gone, in_region);
    hole->run->region->n_segments--;
    pool_free(&chain->pool, (struct chain_record *)gone);
}

/* ---- The chain ------------------------------------------------------------------------------- */

void chain_init(struct chain *chain, size_t start, size_t max_regions, struct chain_record *records,
                size_t n_records)
{
    TAILQ_INIT(&chain->regions);
    chain->n_regions = 0;
    chain->max_regions = max_regions;
    chain->start = chain->end = start;
    RB_INIT(&chain->runs_by_address);
    RB_INIT(&chain->regions_by_memory);
    pool_init(&chain->pool, records, n_records);
}

void chain_destroy(struct chain *chain)
{
    struct region *region;

    TAILQ_FOREACH (region, &chain->regions, in_chain) {
        os_pages_unmap(region->memory, region->size);
    }
    pool_destroy(&chain->pool);
    chain_init(chain, chain->start, chain->max_regions, NULL, 0);
}

/* Adds a region with one hole to both chains and both indexes. The caller updates the sums of
 * the hole's run. */
static struct segment *append_region(struct chain *chain, char *memory, size_t size)
{
    struct region *region = &pool_alloc(&chain->pool)->region;

    region->start = chain->end;
    region->size = size;
    region->memory = memory;
    region->n_segments = 1;
    TAILQ_INIT(&region->segments);
    TAILQ_INSERT_TAIL(&chain->regions, region, in_chain);
    RB_INSERT(region_index, &chain->regions_by_memory, region);
    chain->n_regions++;
    chain->end += size;

    struct segment *hole = hole_create(chain, region->start, size);
    TAILQ_INSERT_TAIL(&region->segments, hole, in_region);
    run_create(chain, region, hole, 1);
    return hole;
}

/* Does what chain_add_region does, but leaves the sums to the caller. */
static struct segment *map_region(struct chain *chain, size_t size)
{
    size_t rounded = whole_pages(size);

    if (rounded < size || rounded > SIZE_MAX - chain->end ||
        chain->n_regions >= chain->max_regions || !pool_reserve(&chain->pool)) {
        return NULL;
    }
    char *memory = os_pages_map(rounded);
    return memory != NULL ? append_region(chain, memory, rounded) : NULL;
}

struct segment *chain_add_region(struct chain *chain, size_t size)
{
    struct segment *hole = map_region(chain, size);
    if (hole != NULL) {
        run_update(hole->run);
    }
    return hole;
}

struct segment *chain_alloc(struct chain *chain, size_t size)
{
    if (!pool_reserve(&chain->pool)) {
        return NULL;
    }
    struct segment *hole = index_first_fit(chain, size);
    if (hole == NULL) {
        hole = map_region(chain, size);
    }
    if (hole == NULL) {
        return NULL;
    }
    size_t rest = hole->size - size;
    segment_set(hole, size, SEGMENT_PROCESS);
    if (rest > 0) {
        hole_insert_after(chain, hole, rest);
    }
    run_update(hole->run);
    return hole;
}

void chain_free(struct chain *chain, struct segment *segment)
{
    struct segment *previous = TAILQ_PREV(segment, segment_list, in_region);

    segment_set(segment, segment->size, SEGMENT_HOLE);
    if (is_hole(TAILQ_NEXT(segment, in_region))) {
        hole_join_next(chain, segment);
    }
    if (is_hole(previous)) {
        hole_join_next(chain, previous);
        segment = previous;
    }
    run_update_larger(segment->run, segment->size);
}

struct segment *chain_process_at(const struct chain *chain, size_t address)
{
    struct segment *segment = chain_segment_of(chain, address);
    bool is_one = segment != NULL && segment->kind == SEGMENT_PROCESS && segment->start == address;
    return is_one ? segment : NULL;
}

struct segment *chain_process_at_pointer(const struct chain *chain, const void *pointer)
{
    const struct region *region = region_of_pointer(chain, pointer);
    if (region == NULL) {
        return NULL;
    }
    size_t offset = (uintptr_t)pointer - (uintptr_t)region->memory;
    return chain_process_at(chain, region->start + offset);
}

void chain_walk(const struct chain *chain,
                void (*visit)(const struct heap_piece *piece, void *context), void *context)
{
    struct heap_piece piece = {.region = 0};
    const struct region *region;
    const struct segment *segment;

    TAILQ_FOREACH (region, &chain->regions, in_chain) {
        TAILQ_FOREACH (segment, &region->segments, in_region) {
            piece.address = segment->start;
            piece.memory = segment_memory(segment, segment->start);
            piece.size = segment->size;
            piece.is_used = segment->kind == SEGMENT_PROCESS;
            visit(&piece, context);
        }
        piece.region++;
    }
}

/* ---- The check ------------------------------------------------------------------------------- */

static void check_pool(const struct record_pool *pool)
{
    const struct chain_record *record;
    size_t n_free = (size_t)(pool->fresh_end - pool->fresh);

    SLIST_FOREACH (record, &pool->freed, next) {
        n_free++;
    }
    assert(n_free == pool->n_free);
}

static void check_run(const struct run *run, const struct region *region,
                      const struct segment *first)
{
    assert(run->region == region);
    assert(run->first == first && run->start == first->start);
    assert(run->n_segments > 0 && run->n_segments <= RUN_MAX);
    assert(run->largest_hole == run_largest_hole(run));
    assert(run->largest_left == subtree_sum(RB_LEFT(run, in_index)));
    assert(run->largest_right == subtree_sum(RB_RIGHT(run, in_index)));
}

/* Checks that the segments of a region tile it, that its holes are joined, and that its runs
 * follow each other in the index, from *at on, which is advanced past them. Returns the number
 * of runs. */
static size_t check_region(const struct region *region, struct run **at)
{
    size_t address = region->start, n_segments = 0, n_runs = 0, left_in_run = 0;
    const struct segment *segment;
    const struct run *run = NULL;
    bool was_hole = false;

    TAILQ_FOREACH (segment, &region->segments, in_region) {
        if (left_in_run == 0) {
            run = *at;
            assert(run != NULL);
            check_run(run, region, segment);
            left_in_run = run->n_segments;
            *at = RB_NEXT(run_index, NULL, *at);
            n_runs++;
        }
        left_in_run--;
        assert(segment->run == run);
        assert(segment->start == address && segment->size > 0);
        assert(segment->hole_size == (is_hole(segment) ? segment->size : 0));
        assert(!(was_hole && is_hole(segment)));
        was_hole = is_hole(segment);
        address += segment->size;
        n_segments++;
    }
    assert(left_in_run == 0);
    assert(address == region->start + region->size);
    assert(n_segments == region->n_segments);
    return n_runs;
}

void chain_check(const struct chain *chain)
{
    size_t address = chain->start, n_regions = 0, n_records = 0;
    struct run *at = RB_ROOT(&chain->runs_by_address);
    const struct region *region;

    while (at != NULL && RB_LEFT(at, in_index) != NULL) {
        at = RB_LEFT(at, in_index);
    }
    TAILQ_FOREACH (region, &chain->regions, in_chain) {
        assert(region->start == address);
        assert(region->size > 0 && region->size % PAGE_SIZE == 0);
        assert(region_of_pointer(chain, region->memory) == region);
        n_records += 1 + check_region(region, &at) + region->n_segments;
        address += region->size;
        n_regions++;
    }
    assert(at == NULL);
    assert(address == chain->end && n_regions == chain->n_regions);
    assert(n_records == chain->pool.n_used);
    check_pool(&chain->pool);
}

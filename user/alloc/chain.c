/*
 * The chain engine (chain.h tells what a chain is).
 *
 * Every operation that may fail does so before its first change: chain_alloc reserves the records it
 * may need, then maps memory, and from there on cannot fail.
 *
 * The index is touched as little as an operation allows. A split puts the new PROCESS before the
 * rest of the hole, so the hole keeps its place in the tree and only its size changes. A join keeps
 * the record that lies higher in the tree and takes out the other one, whose place has a free side.
 */
#include "user/alloc/chain.h"

#include <assert.h>
#include <stdint.h>

/* ---- Records ---------------------------------------------------------------------------------- */

/* A growing pool maps so much at a time, to spread the cost of the call. */
#define POOL_GROWTH (16 * PAGE_SIZE)

static void pool_init(struct record_pool *pool, struct chain_record *records, size_t n_records)
{
    SLIST_INIT(&pool->returned);
    SLIST_INIT(&pool->pages);
    pool->fresh = records;
    pool->fresh_end = records + n_records;
    pool->n_returned = pool->n_used = 0;
    pool->is_growing = records == NULL;
}

static size_t pool_count_free(const struct record_pool *pool)
{
    return pool->n_returned + (size_t)(pool->fresh_end - pool->fresh);
}

/* Called when fewer than CHAIN_RESERVE fresh records are left; those are not worth keeping. */
static bool pool_grow(struct record_pool *pool)
{
    struct chain_record *records = pool->is_growing ? os_pages_map(POOL_GROWTH) : NULL;
    if (records == NULL) {
        return false;
    }
    SLIST_INSERT_HEAD(&pool->pages, records, next);
    pool->fresh = records + 1;
    pool->fresh_end = records + POOL_GROWTH / sizeof(*records);
    return true;
}

static bool pool_reserve(struct record_pool *pool)
{
    return pool->n_returned >= CHAIN_RESERVE || pool_count_free(pool) >= CHAIN_RESERVE ||
           pool_grow(pool);
}

/* One of the records that pool_reserve promised. */
static struct chain_record *pool_take(struct record_pool *pool)
{
    struct chain_record *record = SLIST_FIRST(&pool->returned);

    if (record != NULL) {
        SLIST_REMOVE_HEAD(&pool->returned, next);
        pool->n_returned--;
    } else {
        record = pool->fresh++;
    }
    pool->n_used++;
    return record;
}

static void pool_return(struct record_pool *pool, struct chain_record *record)
{
    SLIST_INSERT_HEAD(&pool->returned, record, next);
    pool->n_returned++;
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

/* ---- The index of regions by memory ----------------------------------------------------------- */

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

/* ---- The index of segments by address, with the largest hole of each subtree ------------------ */

static inline size_t largest_hole(const struct segment *subtree)
{
    return subtree != NULL ? subtree->largest_hole : 0;
}

static inline size_t segment_sum(const struct segment *segment)
{
    size_t largest = segment->hole_size;
    size_t left = largest_hole(RB_LEFT(segment, in_index));
    size_t right = largest_hole(RB_RIGHT(segment, in_index));

    largest = left > largest ? left : largest;
    return right > largest ? right : largest;
}

static inline int segment_compare(const struct segment *a, const struct segment *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

/* What the tree's macros call for a node whose children changed. */
#undef RB_AUGMENT
#define RB_AUGMENT(segment) ((segment)->largest_hole = segment_sum(segment))

RB_GENERATE_STATIC(segment_index, segment, in_index, segment_compare)

/* After a change of a segment's hole_size the sums above it follow, before the tree changes in any
 * other way. Where a sum stays what it was, all above it do. */

static void index_shrink(struct segment *segment)
{
    while (segment != NULL) {
        size_t sum = segment_sum(segment);
        if (sum == segment->largest_hole) {
            return;
        }
        segment->largest_hole = sum;
        segment = RB_PARENT(segment, in_index);
    }
}

/* A larger hole needs no look at what else there is. */
static void index_grow(struct segment *segment)
{
    size_t size = segment->hole_size;

    while (segment != NULL && segment->largest_hole < size) {
        segment->largest_hole = size;
        segment = RB_PARENT(segment, in_index);
    }
}

/* Puts a segment in between its neighbours (or NULL); no search is needed, since in an ordered tree
 * one of two neighbours always has the free place that lies between them. */
static void index_insert(struct chain *chain, struct segment *segment, struct segment *previous,
                         struct segment *next)
{
    struct segment_index *index = &chain->segments_by_address;
    struct segment *parent = NULL, **place = &RB_ROOT(index);

    if (next != NULL && RB_LEFT(next, in_index) == NULL) {
        parent = next;
        place = &RB_LEFT(next, in_index);
    } else if (previous != NULL) {
        parent = previous;
        place = &RB_RIGHT(previous, in_index);
    }
    RB_SET(segment, parent, in_index);
    *place = segment;
    segment->largest_hole = 0;
    index_grow(segment);
    segment_index_RB_INSERT_COLOR(index, segment);
}

/* The leftmost hole of at least size bytes: go left whenever the left subtree has one. */
static struct segment *index_first_fit(const struct chain *chain, size_t size)
{
    struct segment *segment = RB_ROOT(&chain->segments_by_address);

    if (largest_hole(segment) < size) {
        return NULL;
    }
    for (;;) {
        if (largest_hole(RB_LEFT(segment, in_index)) >= size) {
            segment = RB_LEFT(segment, in_index);
        } else if (segment->hole_size >= size) {
            return segment;
        } else {
            segment = RB_RIGHT(segment, in_index);
        }
    }
}

struct segment *chain_segment_of(const struct chain *chain, size_t address)
{
    struct segment *segment = RB_ROOT(&chain->segments_by_address);

    while (segment != NULL && address - segment->start >= segment->size) {
        segment =
            address < segment->start ? RB_LEFT(segment, in_index) : RB_RIGHT(segment, in_index);
    }
    return segment;
}

/* ---- Segments --------------------------------------------------------------------------------- */

static bool is_hole(const struct segment *segment)
{
    return segment != NULL && segment->kind == SEGMENT_HOLE;
}

static void segment_set(struct segment *segment, size_t start, size_t size, enum segment_kind kind)
{
    segment->start = start;
    segment->size = size;
    segment->kind = kind;
    segment->hole_size = kind == SEGMENT_HOLE ? size : 0;
}

static struct segment *segment_create(struct chain *chain, struct region *region)
{
    struct segment *segment = &pool_take(&chain->pool)->segment;

    segment->region = region;
    region->n_segments++;
    return segment;
}

static void segment_destroy(struct chain *chain, struct segment *segment)
{
    segment->region->n_segments--;
    pool_return(&chain->pool, (struct chain_record *)segment);
}

/* The segment before this one in the chain, be it in the region before. */
static struct segment *segment_previous(const struct segment *segment)
{
    struct segment *previous = TAILQ_PREV(segment, segment_list, in_region);
    if (previous != NULL) {
        return previous;
    }
    struct region *region = TAILQ_PREV(segment->region, region_list, in_chain);
    return region != NULL ? TAILQ_LAST(&region->segments, segment_list) : NULL;
}

/* The first size bytes of a hole as a PROCESS segment of their own; the hole keeps the rest. */
static struct segment *segment_split(struct chain *chain, struct segment *hole, size_t size)
{
    struct segment *taken = segment_create(chain, hole->region);

    segment_set(taken, hole->start, size, SEGMENT_PROCESS);
    segment_set(hole, hole->start + size, hole->size - size, SEGMENT_HOLE);
    index_shrink(hole);
    index_insert(chain, taken, segment_previous(hole), hole);
    TAILQ_INSERT_BEFORE(hole, taken, in_region);
    return taken;
}

/* Joins two neighbouring holes into one, and gives it. Of two neighbours in the tree's order one lies
 * below the other and has a free side towards it: that one is cheap to take out. */
static struct segment *segment_join(struct chain *chain, struct segment *left,
                                    struct segment *right)
{
    bool is_right_below = RB_LEFT(right, in_index) == NULL;
    struct segment *kept = is_right_below ? left : right;
    struct segment *gone = is_right_below ? right : left;

    segment_set(kept, left->start, left->size + right->size, SEGMENT_HOLE);
    segment_set(gone, gone->start, 0, SEGMENT_HOLE);
    index_grow(kept);
    index_shrink(gone);
    RB_REMOVE(segment_index, &chain->segments_by_address, gone);
    TAILQ_REMOVE(&gone->region->segments, gone, in_region);
    segment_destroy(chain, gone);
    return kept;
}

char *segment_memory(const struct segment *segment, size_t address)
{
    return segment->region->memory + (address - segment->region->start);
}

/* ---- The chain -------------------------------------------------------------------------------- */

void chain_init(struct chain *chain, size_t start, size_t max_regions, struct chain_record *records,
                size_t n_records)
{
    TAILQ_INIT(&chain->regions);
    chain->n_regions = 0;
    chain->max_regions = max_regions;
    chain->start = chain->end = start;
    RB_INIT(&chain->segments_by_address);
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

/* Hooks a new region's record and its one hole into both chains and both indexes. */
static struct segment *append_region(struct chain *chain, char *memory, size_t size)
{
    struct region *last = TAILQ_LAST(&chain->regions, region_list);
    struct segment *previous = last != NULL ? TAILQ_LAST(&last->segments, segment_list) : NULL;
    struct region *region = &pool_take(&chain->pool)->region;

    region->start = chain->end;
    region->size = size;
    region->memory = memory;
    region->n_segments = 0;
    TAILQ_INIT(&region->segments);
    TAILQ_INSERT_TAIL(&chain->regions, region, in_chain);
    RB_INSERT(region_index, &chain->regions_by_memory, region);
    chain->n_regions++;
    chain->end += size;

    struct segment *hole = segment_create(chain, region);
    segment_set(hole, region->start, size, SEGMENT_HOLE);
    TAILQ_INSERT_TAIL(&region->segments, hole, in_region);
    index_insert(chain, hole, previous, NULL);
    return hole;
}

struct segment *chain_add_region(struct chain *chain, size_t size)
{
    size_t rounded = (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);

    if (rounded < size || rounded > SIZE_MAX - chain->end ||
        chain->n_regions >= chain->max_regions || !pool_reserve(&chain->pool)) {
        return NULL;
    }
    char *memory = os_pages_map(rounded);
    return memory != NULL ? append_region(chain, memory, rounded) : NULL;
}

struct segment *chain_alloc(struct chain *chain, size_t size)
{
    if (!pool_reserve(&chain->pool)) {
        return NULL;
    }
    struct segment *hole = index_first_fit(chain, size);
    if (hole == NULL) {
        hole = chain_add_region(chain, size);
    }
    if (hole == NULL) {
        return NULL;
    }
    if (hole->size > size) {
        return segment_split(chain, hole, size);
    }
    segment_set(hole, hole->start, size, SEGMENT_PROCESS);
    index_shrink(hole);
    return hole;
}

void chain_free(struct chain *chain, struct segment *segment)
{
    struct segment *previous = TAILQ_PREV(segment, segment_list, in_region);
    struct segment *next = TAILQ_NEXT(segment, in_region);

    segment_set(segment, segment->start, segment->size, SEGMENT_HOLE);
    if (is_hole(next)) {
        segment = segment_join(chain, segment, next);
    }
    if (is_hole(previous)) {
        segment = segment_join(chain, previous, segment);
    }
    index_grow(segment);
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

/* ---- The check -------------------------------------------------------------------------------- */

/* The segments of a region tile it, are joined, and come in the index in the same order, *at being
 * the index's next. */
static void check_region(const struct region *region, struct segment **at)
{
    size_t address = region->start, n_segments = 0;
    bool was_hole = false;
    struct segment *segment;

    TAILQ_FOREACH (segment, &region->segments, in_region) {
        assert(segment == *at);
        assert(segment->region == region);
        assert(segment->start == address && segment->size > 0);
        assert(segment->hole_size == (is_hole(segment) ? segment->size : 0));
        assert(segment->largest_hole == segment_sum(segment));
        assert(!(was_hole && is_hole(segment)));
        was_hole = is_hole(segment);
        address += segment->size;
        n_segments++;
        *at = RB_NEXT(segment_index, NULL, *at);
    }
    assert(address == region->start + region->size);
    assert(n_segments == region->n_segments);
}

void chain_check(const struct chain *chain)
{
    size_t address = chain->start, n_regions = 0, n_records = 0;
    struct segment *at = RB_ROOT(&chain->segments_by_address);
    const struct region *region;

    while (at != NULL && RB_LEFT(at, in_index) != NULL) {
        at = RB_LEFT(at, in_index);
    }
    TAILQ_FOREACH (region, &chain->regions, in_chain) {
        assert(region->start == address);
        assert(region->size > 0 && region->size % PAGE_SIZE == 0);
        assert(region_of_pointer(chain, region->memory) == region);
        check_region(region, &at);
        address += region->size;
        n_regions++;
        n_records += 1 + region->n_segments;
    }
    assert(at == NULL);
    assert(address == chain->end && n_regions == chain->n_regions);
    assert(n_records == chain->pool.n_used);
}

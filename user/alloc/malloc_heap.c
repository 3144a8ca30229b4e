/*
 * The heap below malloc: areas of pages, tiled by blocks of whole grains (malloc.c has the essay).
 *
 * A block's header is the word below its address; a free block keeps the links of its bin in its
 * first two words and its size once more in its last word, just below the next block's header, where
 * that one finds it when its flag BLOCK_PREV_FREE says so. So both neighbours are reached in a step
 * and free blocks never touch each other: they are joined when they come to do so. One grain holds
 * all four words.
 *
 * Bins: one for each size up to 63 grains, then 32 for every doubling. A bitmap and a word that sums
 * it up find the next bin that is not empty in a few instructions. A request takes the best of the
 * first few in the bin of its own size, else one of the next bin: a good fit, nearly the best.
 *
 * The area that was mapped last is the growing one. What lies between its last block and its end
 * (from top to end) is in no bin; it is used last, is mapped in small steps, and given back down to
 * a remainder when it has become large. When something else of the program's lies in the way, the
 * rest becomes a free block, closed by a fence (a block of no size), and another area is begun.
 */
#include "user/alloc/malloc_impl.h"

#include "user/alloc/os_pages.h"

#define GROW_MIN   (4u * 1024)  /* pages are fetched at least so many bytes at a time ...      */
#define GROW_MAX   (64u * 1024) /* ... and at most, unless more is missing; between the two, ... */
#define GROW_SHARE 2048u
#define TRIM_FROM  (128u * 1024) /* so much at the top is given back ...                    */
#define TRIM_KEEP  (64u * 1024)  /* ... down to this: the distance keeps a loop from thrashing */

#define AREA_SHARE 8           /* a second or later area has at least this part of the whole  */
#define HEAP_HINT  0x90000000u /* out of the way of the kernel's own choices, from 0x80000000   */

#define SUB_BINS_SHIFT 5
#define SUB_BINS       (1u << SUB_BINS_SHIFT)
#define EXACT_BINS     (2 * SUB_BINS)       /* in these all blocks have the same size */
#define EXACT_SIZE     (EXACT_BINS * GRAIN) /* from here on bins are shared           */
#define SIZE_LOG2_MAX  32                   /* a block of the whole address space     */
#define N_BINS         ((SIZE_LOG2_MAX - GRAIN_SHIFT - SUB_BINS_SHIFT + 1) * SUB_BINS)
#define WORD_BITS      32u
#define SEARCH_MAX     32u

/* A free block, at its address. */
struct free_block {
    LIST_ENTRY(free_block) in_bin;
};

LIST_HEAD(bin, free_block);

/* At the start of each area. Its first block follows at first_of(). */
struct area {
    struct area *next;
    uintptr_t end;
};

struct heap fl_heap;

#define likely(x) __builtin_expect(!!(x), 1)

static struct area *areas; /* the growing one comes first */
static struct bin bins[N_BINS];
static uint32_t bin_map[N_BINS / WORD_BITS]; /* bit set: the bin is not empty             */
static uint32_t bin_map_sum;                 /* bit set: that word of the map is not 0    */

_Static_assert(N_BINS / WORD_BITS <= WORD_BITS, "one word sums up the bitmap");
_Static_assert(sizeof(struct free_block) + 2 * HEADER_SIZE <= GRAIN, "a grain holds a free block");

static inline uintptr_t first_of(const struct area *area)
{
    return (uintptr_t)area + GRAIN;
}

/* ---- Blocks -------------------------------------------------------------------------------------- */

/* Of a free block, whose header is nothing else. */
static inline size_t free_size(uintptr_t block)
{
    return *header_of(block);
}

/* The copy of a free block's size, seen from the block above it. */
static inline uint32_t *size_below(uintptr_t block)
{
    return (uint32_t *)(block - 2 * HEADER_SIZE);
}

static inline void set_taken(uintptr_t block, size_t size, uint32_t prev_free)
{
    *header_of(block) = seal_of(block) ^ (uint32_t)size ^ BLOCK_TAKEN ^ prev_free;
}

/* ---- Bins ---------------------------------------------------------------------------------------- */

static inline uint32_t bin_of(size_t size)
{
    uint32_t grains = size >> GRAIN_SHIFT;

    if (grains < EXACT_BINS) {
        return grains;
    }
    uint32_t shift = (WORD_BITS - 1 - SUB_BINS_SHIFT) - (uint32_t)__builtin_clz(grains);
    return (shift << SUB_BINS_SHIFT) + (grains >> shift);
}

static inline void bin_insert(uintptr_t at, size_t size)
{
    struct free_block *block = (struct free_block *)at;
    uint32_t bin = bin_of(size);

    if (LIST_EMPTY(&bins[bin])) {
        bin_map[bin / WORD_BITS] |= 1u << (bin % WORD_BITS);
        bin_map_sum |= 1u << (bin / WORD_BITS);
    }
    LIST_INSERT_HEAD(&bins[bin], block, in_bin);
}

/* The last block of a list has left. What pointed to it: the head, if the bin is empty now. */
static __attribute__((noinline)) heap_call void bin_lost_last(const struct bin *head)
{
    uintptr_t offset = (uintptr_t)head - (uintptr_t)bins;

    if (offset < sizeof(bins)) {
        uint32_t bin = offset / sizeof(bins[0]), *word = &bin_map[bin / WORD_BITS];
        *word &= ~(1u << (bin % WORD_BITS));
        if (*word == 0) {
            bin_map_sum &= ~(1u << (bin / WORD_BITS));
        }
    }
}

static inline void bin_remove(uintptr_t at)
{
    struct free_block *block = (struct free_block *)at, *next = LIST_NEXT(block, in_bin);

    LIST_REMOVE(block, in_bin);
    if (next == NULL) {
        bin_lost_last((const struct bin *)block->in_bin.le_prev);
    }
}

/* The first bin from this one on that is not empty, or N_BINS. */
static inline uint32_t bin_next(uint32_t bin)
{
    uint32_t at = bin / WORD_BITS, word = bin_map[at] & (~0u << (bin % WORD_BITS));

    if (word == 0) {
        uint32_t sum = bin_map_sum & (~1u << at);
        if (sum == 0) {
            return N_BINS;
        }
        at = (uint32_t)__builtin_ctz(sum);
        word = bin_map[at];
    }
    return at * WORD_BITS + (uint32_t)__builtin_ctz(word);
}

/* The smallest of the first few blocks in a bin that are large enough, or 0. */
static __attribute__((noinline)) uintptr_t bin_best(uint32_t bin, size_t size)
{
    const struct free_block *b;
    size_t best_size = SIZE_MAX;
    uintptr_t best = 0;
    uint32_t n = 0;

    LIST_FOREACH (b, &bins[bin], in_bin) {
        size_t have = free_size((uintptr_t)b);
        if (have >= size && have < best_size) {
            best = (uintptr_t)b;
            best_size = have;
        }
        if (++n == SEARCH_MAX) {
            break;
        }
    }
    return best;
}

/* A free block of at least this size, or 0: of the bin of that size, where sizes may differ, the best
 * of the first few; else any of the next bin, in which all are large enough. */
static inline uintptr_t find_fit(size_t size)
{
    uint32_t own = bin_of(size), bin = bin_next(own);

    if (bin == own && own >= EXACT_BINS) {
        uintptr_t found = bin_best(bin, size);
        if (found != 0) {
            return found;
        }
        bin = bin_next(bin + 1);
    }
    return bin < N_BINS ? (uintptr_t)LIST_FIRST(&bins[bin]) : 0;
}

/* Makes [at, at + size) a free block. Its lower neighbour is taken; the upper one is told. */
static inline void free_put(uintptr_t at, size_t size)
{
    uintptr_t next = at + size;

    *header_of(at) = size;
    *size_below(next) = size;
    *header_of(next) |= BLOCK_PREV_FREE;
    bin_insert(at, size);
}

/* ---- Areas --------------------------------------------------------------------------------------- */

/* The growing area is closed: its rest becomes a free block, and a fence stands at its end. */
static void close_area(void)
{
    uintptr_t fence = fl_heap.end;

    if (areas == NULL) {
        return;
    }
    set_taken(fence, 0, 0);
    if (fl_heap.top < fence) {
        free_put(fl_heap.top, fence - fl_heap.top);
    }
}

static void set_growing(struct area *area)
{
    areas = area;
    fl_heap.mapped += area->end - (uintptr_t)area;
    fl_heap.first = fl_heap.top = fl_heap.zero_from = first_of(area);
    fl_heap.end = area->end;
}

/* Bytes to map so that `missing` more are there. */
static size_t growth_for(size_t missing)
{
    size_t step = fl_heap.mapped / GROW_SHARE;

    step = step < GROW_MIN ? GROW_MIN : step > GROW_MAX ? GROW_MAX : step;
    step = step < missing ? missing : step;
    return whole_pages(step);
}

static bool begin_area(size_t bytes)
{
    size_t size = growth_for(bytes + 2 * GRAIN), share = growth_for(fl_heap.mapped / AREA_SHARE);
    struct area *area = NULL;

    if (size < share) { /* few areas, even if every one is hemmed in */
        area = os_pages_map_near((void *)HEAP_HINT, share);
        size = area != NULL ? share : size;
    }
    if (area == NULL) {
        area = os_pages_map_near((void *)HEAP_HINT, size);
    }
    if (area == NULL) {
        return false;
    }
    close_area();
    area->next = areas;
    area->end = (uintptr_t)area + size;
    set_growing(area);
    return true;
}

/* Makes room for so many bytes at the top. */
static bool grow_top(size_t bytes)
{
    if (areas == NULL) {
        return begin_area(bytes);
    }
    size_t missing = bytes - (fl_heap.end - fl_heap.top);
    size_t step = growth_for(missing);
    size_t old_size = fl_heap.end - (uintptr_t)areas;

    if (os_pages_remap(areas, old_size, old_size + step, false) == NULL) {
        return begin_area(bytes);
    }
    fl_heap.end += step;
    fl_heap.mapped += step;
    areas->end = fl_heap.end;
    return true;
}

static __attribute__((noinline)) void trim_top(void)
{
    uintptr_t end = whole_pages(fl_heap.top + TRIM_KEEP);

    if (!os_pages_unmap((void *)end, fl_heap.end - end)) {
        return;
    }
    fl_heap.mapped -= fl_heap.end - end;
    fl_heap.end = areas->end = end;
    if (fl_heap.zero_from > end) {
        fl_heap.zero_from = end;
    }
}

/* A closed area that has become one free block goes back to the kernel. */
static __attribute__((cold, noinline)) void drop_area_of(uintptr_t block, uintptr_t fence)
{
    for (struct area **link = &areas->next; *link != NULL; link = &(*link)->next) {
        struct area *area = *link, *next = area->next;
        if (first_of(area) != block) {
            continue;
        }
        bin_remove(block);
        if (os_pages_unmap(area, fence - (uintptr_t)area)) {
            *link = next;
            fl_heap.mapped -= fence - (uintptr_t)area;
        } else {
            bin_insert(block, fence - block);
        }
        return;
    }
}

/* ---- Taking -------------------------------------------------------------------------------------- */

/* A found free block of which `size` bytes are used; the rest stays free. */
static inline void carve(uintptr_t block, size_t size)
{
    size_t have = free_size(block);
    uintptr_t rest = block + size, next = block + have;

    bin_remove(block);
    set_taken(block, size, 0);
    fl_heap.held += size;
    have -= size;
    if (have == 0) {
        *header_of(next) &= ~BLOCK_PREV_FREE;
        return;
    }
    *header_of(rest) = have;
    *size_below(next) = have;
    bin_insert(rest, have);
}

static __attribute__((noinline)) uintptr_t take_top(size_t size)
{
    uintptr_t block;

    if (fl_heap.end - fl_heap.top < size && !grow_top(size)) {
        return 0;
    }
    block = fl_heap.top;
    fl_heap.top += size;
    if (fl_heap.top <= fl_heap.zero_from) { /* what stands above the last block looks free */
        *header_of(fl_heap.top) = 0;
    }
    fl_heap.clean_from = fl_heap.zero_from;
    if (fl_heap.zero_from < fl_heap.top) {
        fl_heap.zero_from = fl_heap.top;
    }
    set_taken(block, size, 0);
    fl_heap.held += size;
    return block;
}

heap_call uintptr_t fl_heap_take(size_t size)
{
    uintptr_t block = find_fit(size);

    if (block == 0) {
        return take_top(size);
    }
    carve(block, size);
    return block;
}

/* ---- Giving -------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline)) heap_call bool is_inside_any(uintptr_t at)
{
    return fl_heap_contains(at) || fl_heap_contains(at - 1);
}

/* A block may start or end here: asked before anything is read there. */
static inline bool is_inside(uintptr_t at)
{
    return likely(at >= fl_heap.first && at < fl_heap.top) || is_inside_any(at);
}

static __attribute__((cold, noinline, noreturn)) void stop_overrun(uintptr_t block)
{
    fl_malloc_stop((void *)block, "the heap was overwritten behind this block");
}

/* What of the memory from `next` on is free: 0, or the block's size, of which both copies must agree.
 * Where no block starts, both are 0 as a rule. */
static inline size_t free_above(uintptr_t block, uintptr_t next)
{
    size_t size;

    if (is_taken(header_open(next))) {
        return 0;
    }
    size = free_size(next);
    if (!is_free(next) || size == 0 || !is_inside(next + size) ||
        *size_below(next + size) != size) {
        stop_overrun(block);
    }
    return size;
}

static __attribute__((cold, noinline, noreturn)) void stop_overrun_below(uintptr_t block)
{
    fl_malloc_stop((void *)block, "the heap was overwritten in front of this block");
}

/* The start of the free block below. */
static inline uintptr_t start_below(uintptr_t block)
{
    size_t size = *size_below(block);
    uintptr_t start = block - size;

    if (!is_inside(start) || free_size(start) != size) {
        stop_overrun_below(block);
    }
    return start;
}

/* [block, top) goes back to the untouched rest. */
static void give_to_top(uintptr_t block)
{
    fl_heap.top = block;
    *header_of(block) = 0;
    if (fl_heap.end - block >= TRIM_FROM) {
        trim_top();
    }
}

heap_call void fl_heap_give(uintptr_t block)
{
    uintptr_t next = block + size_of(block), start = block;
    size_t above = next != fl_heap.top ? free_above(block, next) : 0;

    if (*header_of(block) & BLOCK_PREV_FREE) {
        start = start_below(block);
        bin_remove(start);
    }
    fl_heap.held -= size_of(block);
    *header_of(block) = 0;
    if (next == fl_heap.top) {
        give_to_top(start);
        return;
    }
    if (above != 0) {
        bin_remove(next);
        *header_of(next) = 0;
        next += above;
    }
    free_put(start, next - start);
    if ((*header_of(next) & SIZE_MASK) == 0) {
        drop_area_of(start, next);
    }
}

/* ---- Resizing ------------------------------------------------------------------------------------ */

/* Splits a taken block in two taken ones. */
static void split(uintptr_t block, size_t size)
{
    size_t rest = size_of(block) - size;

    set_taken(block + size, rest, 0);
    set_taken(block, size, *header_of(block) & BLOCK_PREV_FREE);
}

/* A block of which nothing is left but the space joins the one below it. */
static void join_taken(uintptr_t block, uintptr_t next)
{
    size_t size = size_of(next);

    *header_of(next) = 0;
    set_taken(block, size_of(block) + size, *header_of(block) & BLOCK_PREV_FREE);
}

heap_call bool fl_heap_resize(uintptr_t block, size_t size)
{
    size_t old_size = size_of(block), more = size - old_size;
    uintptr_t next = block + old_size;

    if (size < old_size) {
        split(block, size);
        fl_heap_give(block + size);
        return true;
    }
    if (size == old_size) {
        return true;
    }
    if (next == fl_heap.top) {
        if (fl_heap.end - fl_heap.top < more) {
            return false;
        }
        (void)take_top(more);
    } else {
        if (free_above(block, next) < more) {
            return false;
        }
        carve(next, more);
    }
    join_taken(block, next);
    return true;
}

heap_call void fl_heap_cut_front(uintptr_t block, uintptr_t at)
{
    split(block, at - block);
    fl_heap_give(block);
}

/* ---- Looking ------------------------------------------------------------------------------------- */

static const struct area *area_around(uintptr_t at)
{
    const struct area *area = areas;

    while (area != NULL && at - first_of(area) >= area->end - first_of(area)) {
        area = area->next;
    }
    return area;
}

heap_call bool fl_heap_contains(uintptr_t at)
{
    return at - fl_heap.first < fl_heap.top - fl_heap.first || area_around(at) != NULL;
}

static inline uintptr_t blocks_end(const struct area *area)
{
    return area == areas ? fl_heap.top : area->end;
}

static inline size_t any_size(uintptr_t block)
{
    return is_free(block) ? free_size(block) : size_of(block);
}

static void walk_area(struct heap_walk *walk, const struct area *area)
{
    uintptr_t block = first_of(area), end = blocks_end(area);

    for (; block < end; block += any_size(block)) {
        walk_piece(walk, block, any_size(block), is_handed_out(header_open(block)));
    }
    if (block < area->end) {
        walk_piece(walk, block, area->end - block, false);
    }
    walk->piece.region++;
}

void fl_heap_walk(struct heap_walk *walk)
{
    for (const struct area *area = areas; area != NULL; area = area->next) {
        walk_area(walk, area);
    }
}

/* Walks the blocks of the area, from its first to the one that contains the address. */
const char *fl_heap_blame(uintptr_t at, uintptr_t *found)
{
    const struct area *area = area_around(at);
    uintptr_t block = first_of(area), end = blocks_end(area);

    while (block < end) {
        uintptr_t next = block + any_size(block);
        if (next <= block || next > end || !(is_free(block) || is_taken(header_open(block)))) {
            return "the heap below this address was overwritten";
        }
        if (at < next) {
            break;
        }
        block = next;
    }
    *found = block;
    if (block >= end || is_free(block) || is_cached(header_open(block))) {
        return "freed already (double free), or never allocated";
    }
    return "points into the middle of a block";
}

/* What the walk finds. */
struct sums {
    uint32_t n_cached, n_free;
    size_t held, mapped;
};

/* One block of the walk: what its header says must fit the one before and, if free, its copy. */
static const char *check_block(uintptr_t block, bool was_free, uintptr_t end, struct sums *sums)
{
    size_t size = any_size(block);

    if (size == 0 || size % GRAIN != 0 || size > end - block) {
        return "a block leaves its area";
    }
    if (is_free(block)) {
        if (was_free) {
            return "two free blocks touch";
        }
        return *size_below(block + size) == size ? NULL : "a free block's two sizes differ";
    }
    if (((*header_of(block) & BLOCK_PREV_FREE) != 0) != was_free) {
        return "a block is wrong about the one below it";
    }
    sums->n_cached += is_cached(header_open(block));
    sums->held += size;
    return is_taken(header_open(block)) ? NULL : "a broken seal";
}

static const char *check_area(const struct area *area, struct sums *sums)
{
    uintptr_t end = blocks_end(area), block = first_of(area);
    bool was_free = false;

    sums->mapped += area->end - (uintptr_t)area;
    while (block < end) {
        const char *wrong = check_block(block, was_free, end, sums);
        if (wrong != NULL) {
            return wrong;
        }
        was_free = is_free(block);
        sums->n_free += was_free;
        block += any_size(block);
    }
    if (area == areas) {
        return was_free ? "a free block below the top" : NULL;
    }
    return is_taken(header_open(end)) ? NULL : "a fence is gone";
}

static const char *check_bin(uint32_t bin, uint32_t *n_free)
{
    bool is_marked = (bin_map[bin / WORD_BITS] >> (bin % WORD_BITS) & 1) != 0;
    struct free_block *const *link = &LIST_FIRST(&bins[bin]);

    if (is_marked != (*link != NULL)) {
        return "the bitmap is wrong about a bin";
    }
    for (const struct free_block *b = *link; b != NULL; b = *link) {
        if (b->in_bin.le_prev != link || !is_free((uintptr_t)b) ||
            bin_of(free_size((uintptr_t)b)) != bin) {
            return "a bin is broken";
        }
        link = &LIST_NEXT(b, in_bin);
        (*n_free)--;
    }
    return NULL;
}

static const char *check_bins(uint32_t *n_free)
{
    for (uint32_t bin = 0; bin < N_BINS; bin++) {
        const char *wrong = check_bin(bin, n_free);
        bool is_summed = (bin_map_sum >> (bin / WORD_BITS) & 1) != 0;
        if (wrong != NULL) {
            return wrong;
        }
        if (is_summed != (bin_map[bin / WORD_BITS] != 0)) {
            return "the bitmap's sum is wrong";
        }
    }
    return NULL;
}

const char *fl_heap_check(uint32_t cached)
{
    struct sums sums = {0};
    const char *wrong = NULL;

    for (const struct area *area = areas; area != NULL && wrong == NULL; area = area->next) {
        wrong = check_area(area, &sums);
    }
    if (wrong == NULL) {
        wrong = check_bins(&sums.n_free);
    }
    if (wrong != NULL) {
        return wrong;
    }
    if (sums.n_free != 0 || sums.n_cached != cached) {
        return "free or cached blocks are lost";
    }
    return sums.held == fl_heap.held && sums.mapped == fl_heap.mapped ? NULL : "a sum is wrong";
}

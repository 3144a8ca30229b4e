/*
 * The heap below malloc: areas of pages, tiled by blocks of whole grains (malloc.c has the essay).
 *
 * A free block keeps the links of its bin in its first words and its size once more in its last
 * word, which is the word size_below of the next block. So both neighbours are one step away, and
 * free blocks never touch: they are joined as soon as they would. A grain has room for all of it.
 *
 * Bins: one for each size below 64 grains, then 32 for every doubling. A bitmap and a word that
 * sums it up find the next nonempty bin in a few instructions. A request takes the best of the
 * first few blocks in the bin of its own size, else one of the next bin: a good fit, nearly the
 * best.
 *
 * The area that was mapped last is the growing one. The rest between its last block and its end
 * (from top to end) is in no bin. It is used last, grows in small steps, and is unmapped down to a
 * remainder once it is large. When another mapping of the program blocks its growth, the rest
 * becomes a free block, closed by a fence (a block of size 0), and a new area is begun.
 */
#include "user/alloc/malloc/malloc_heap.h"

#include <string.h>

#include "user/alloc/malloc/malloc_stop.h"
#include "user/alloc/os_pages.h"

#define GROW_MIN   (4u * 1024)  /* pages are mapped at least so many bytes at a time ...          */
#define GROW_MAX   (64u * 1024) /* ... and at most, unless more is needed; between the two ...    */
#define GROW_SHARE 2048u        /* ... in this part of the heap                                   */
#define TRIM_FROM  (128u * 1024) /* a rest of this size is unmapped ...                    */
#define TRIM_KEEP  (64u * 1024)  /* ... down to this one: the distance avoids thrashing    */

#define AREA_SHARE 8           /* a further area has at least this part of the whole        */
#define HEAP_HINT  0x90000000u /* away from the kernel's own choices, from 0x80000000       */

#define SUB_BINS_SHIFT 5
#define SUB_BINS       (1u << SUB_BINS_SHIFT)
#define EXACT_BINS     (2 * SUB_BINS) /* each holds blocks of one size, the bins above a range */
#define SIZE_LOG2_MAX  32             /* a block of the whole address space */
#define N_BINS         ((SIZE_LOG2_MAX - GRAIN_SHIFT - SUB_BINS_SHIFT + 1) * SUB_BINS)
#define WORD_BITS      32u
#define SEARCH_MAX     32u

LIST_HEAD(bin, block);

/* At the start of each area. */
struct area {
    struct area *next;
    uintptr_t end;
};

_Static_assert(sizeof(struct area) <= GRAIN, "the first block lies a grain above the area's start");

struct heap fl_heap;

static struct area *areas; /* the growing one comes first */
static struct bin bins[N_BINS];
static uint32_t bin_map[N_BINS / WORD_BITS]; /* bit set: the bin is not empty          */
static uint32_t bin_map_sum;                 /* bit set: that word of the map is not 0 */

_Static_assert(N_BINS / WORD_BITS <= WORD_BITS, "one word sums up the bitmap");

static inline struct block *first_block(const struct area *area)
{
    return block_of((const char *)area + GRAIN);
}

/* The place of the fence, of which only the header lies in the area. */
static inline struct block *end_block(const struct area *area)
{
    return block_of((const void *)area->end);
}

/* ---- Bins ------------------------------------------------------------------------------------ */

static inline uint32_t bin_of(size_t size)
{
    uint32_t grains = (uint32_t)(size >> GRAIN_SHIFT);

    if (grains < EXACT_BINS) {
        return grains;
    }
    uint32_t shift = (WORD_BITS - 1 - SUB_BINS_SHIFT) - (uint32_t)__builtin_clz(grains);
    return (shift << SUB_BINS_SHIFT) + (grains >> shift);
}

static inline void bin_insert(struct block *block, size_t size)
{
    uint32_t bin = bin_of(size);

    if (LIST_EMPTY(&bins[bin])) {
        bin_map[bin / WORD_BITS] |= 1u << (bin % WORD_BITS);
        bin_map_sum |= 1u << (bin / WORD_BITS);
    }
    LIST_INSERT_HEAD(&bins[bin], block, in_bin);
}

/* The last block of a list was removed; `head` pointed to it. It is a bin's if that is now
 * empty. */
static noinline_fn reg_call void bin_remove_slow(const struct bin *head)
{
    uintptr_t offset = (uintptr_t)head - (uintptr_t)bins;

    if (offset < sizeof(bins)) {
        uint32_t bin = (uint32_t)(offset / sizeof(bins[0])), *word = &bin_map[bin / WORD_BITS];
        *word &= ~(1u << (bin % WORD_BITS));
        if (*word == 0) {
            bin_map_sum &= ~(1u << (bin / WORD_BITS));
        }
    }
}

static inline void bin_remove(struct block *block)
{
    const struct block *next = LIST_NEXT(block, in_bin);

    LIST_REMOVE(block, in_bin);
    if (next == NULL) {
        bin_remove_slow((const struct bin *)block->in_bin.le_prev);
    }
}

/* Returns the first nonempty bin from this one on, or N_BINS. */
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

/* Returns the smallest of the first few blocks in a bin that are large enough, or NULL. */
static noinline_fn struct block *bin_best(uint32_t bin, size_t size)
{
    struct block *block, *best = NULL;
    size_t best_size = SIZE_MAX;
    uint32_t n = 0;

    LIST_FOREACH (block, &bins[bin], in_bin) {
        size_t have = free_size(block);
        if (have >= size && have < best_size) {
            best = block;
            best_size = have;
        }
        if (++n == SEARCH_MAX) {
            break;
        }
    }
    return best;
}

/* Returns a free block of at least this size, or NULL: the best of the first few in the bin of that
 * size, else any of the next bin, in which all are large enough. */
static inline struct block *find_fit(size_t size)
{
    uint32_t own = bin_of(size), bin = bin_next(own);

    if (bin == own && own >= EXACT_BINS) {
        struct block *found = bin_best(bin, size);
        if (found != NULL) {
            return found;
        }
        bin = bin_next(bin + 1);
    }
    return bin < N_BINS ? LIST_FIRST(&bins[bin]) : NULL;
}

/* Writes a free block's size at both of its ends and puts it into its bin. The block above must
 * know already, or learn from the caller, that it is free. */
static inline void free_insert(struct block *block, size_t size)
{
    block->header = (uint32_t)size;
    block_above(block, size)->size_below = (uint32_t)size;
    bin_insert(block, size);
}

/* ---- Areas ----------------------------------------------------------------------------------- */

/* Ends the growing area: the rest becomes a free block, with a fence behind it. */
static void close_area(void)
{
    struct block *fence = fl_heap.end;

    if (areas == NULL) {
        return;
    }
    header_seal(fence, 0, BLOCK_USED);
    if (fl_heap.top != fence) {
        fence->header |= BLOCK_PREV_FREE;
        free_insert(fl_heap.top, block_distance(fl_heap.top, fence));
    }
}

static void set_growing(struct area *area)
{
    areas = area;
    fl_heap.mapped += area->end - (uintptr_t)area;
    fl_heap.first = fl_heap.top = fl_heap.untouched = first_block(area);
    fl_heap.end = end_block(area);
}

/* Returns how many bytes to map when `missing` are needed. */
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

/* Maps more at the top, in this area or a new one, so that `bytes` fit there. */
static bool top_grow_slow(size_t bytes)
{
    if (areas == NULL) {
        return begin_area(bytes);
    }
    size_t step = growth_for(bytes - block_distance(fl_heap.top, fl_heap.end));
    size_t old_size = areas->end - (uintptr_t)areas;

    if (os_pages_remap(areas, old_size, old_size + step, false) == NULL) {
        return begin_area(bytes);
    }
    fl_heap.mapped += step;
    areas->end += step;
    fl_heap.end = end_block(areas);
    return true;
}

static noinline_fn void top_trim_slow(void)
{
    uintptr_t end = whole_pages((uintptr_t)content_of(fl_heap.top) + TRIM_KEEP);
    size_t size = areas->end - end;

    if (!os_pages_unmap((void *)end, size)) {
        return;
    }
    fl_heap.mapped -= size;
    areas->end = end;
    fl_heap.end = end_block(areas);
    if (fl_heap.untouched > fl_heap.end) {
        fl_heap.untouched = fl_heap.end;
    }
}

/* Unmaps a closed area that has become one free block. */
static cold_fn void area_unmap(struct block *block, const struct block *fence)
{
    for (struct area **link = &areas->next; *link != NULL; link = &(*link)->next) {
        struct area *area = *link, *next = area->next;
        size_t size = area->end - (uintptr_t)area;
        if (first_block(area) != block) {
            continue;
        }
        bin_remove(block);
        if (os_pages_unmap(area, size)) {
            *link = next;
            fl_heap.mapped -= size;
        } else {
            bin_insert(block, block_distance(block, fence));
        }
        return;
    }
}

/* ---- Allocation ------------------------------------------------------------------------------ */

/* Uses `size` bytes of a free block; the rest stays free. */
static inline void carve(struct block *block, size_t size)
{
    size_t rest = free_size(block) - size;

    bin_remove(block);
    header_seal(block, size, BLOCK_USED);
    fl_heap.held += size;
    if (rest == 0) {
        block_above(block, size)->header &= ~BLOCK_PREV_FREE;
    } else {
        free_insert(block_above(block, size), rest);
    }
}

static inline bool top_has(size_t size)
{
    return block_distance(fl_heap.top, fl_heap.end) >= size || top_grow_slow(size);
}

/* Makes a block at the top, where there is room for it. */
static struct block *top_carve(size_t size)
{
    struct block *block = fl_heap.top, *top = block_above(block, size);

    fl_heap.top = top;
    if (top <= fl_heap.untouched) { /* the header above the last block looks free */
        top->header = 0;
    } else {
        fl_heap.untouched = top;
    }
    header_seal(block, size, BLOCK_USED);
    fl_heap.held += size;
    return block;
}

static noinline_fn void *alloc_slow(size_t size)
{
    return top_has(size) ? content_of(top_carve(size)) : NULL;
}

reg_call void *fl_heap_alloc(size_t size)
{
    struct block *block = find_fit(size);

    if (block == NULL) {
        return alloc_slow(size);
    }
    carve(block, size);
    return content_of(block);
}

void *fl_heap_alloc_zeroed(size_t size, size_t bytes)
{
    struct block *block = find_fit(size);
    size_t dirty = bytes;

    if (block != NULL) {
        carve(block, size);
    } else if (top_has(size)) {
        dirty = block_distance(fl_heap.top, fl_heap.untouched);
        block = top_carve(size);
    } else {
        return NULL;
    }
    return memset(content_of(block), 0, dirty < bytes ? dirty : bytes);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static cold_fn reg_call bool is_inside_slow(const struct block *block)
{
    const char *content = content_of(block);
    return fl_heap_contains(content) || fl_heap_contains(content - 1);
}

/* True if a block may start or end here. Checked before anything is read there. */
static inline bool is_inside(const struct block *block)
{
    return (block >= fl_heap.first && block < fl_heap.top) || is_inside_slow(block);
}

static noreturn_fn cold_fn void stop_overrun(const struct block *block)
{
    fl_malloc_stop(content_of(block), "the heap was overwritten behind this block");
}

/* Returns the size of the block at `next`, just above `block`, if it is free, else 0. A free
 * block's two sizes must agree. Where no block starts, both are usually 0. */
static inline size_t free_size_above(const struct block *block, const struct block *next)
{
    size_t size;

    if (is_used(header_open(content_of(next)))) {
        return 0;
    }
    size = free_size(next);
    if (!block_is_free(next) || size == 0 || !is_inside(block_above(next, size)) ||
        block_above(next, size)->size_below != size) {
        stop_overrun(block);
    }
    return size;
}

static noreturn_fn cold_fn void stop_overrun_below(const struct block *block)
{
    fl_malloc_stop(content_of(block), "the heap was overwritten in front of this block");
}

/* Returns the free block below. */
static inline struct block *free_block_below(const struct block *block)
{
    size_t size = block->size_below;
    struct block *below = (struct block *)((uintptr_t)block - size);

    if (!is_inside(below) || free_size(below) != size) {
        stop_overrun_below(block);
    }
    return below;
}

/* Adds [block, top) to the rest at the top. */
static void free_to_top(struct block *block)
{
    fl_heap.top = block;
    block->header = 0;
    if (block_distance(block, fl_heap.end) >= TRIM_FROM) {
        top_trim_slow();
    }
}

reg_call void fl_heap_free(void *content)
{
    struct block *block = block_of(content), *start = block;
    struct block *next = block_above(block, used_size(block));
    size_t above = next != fl_heap.top ? free_size_above(block, next) : 0;

    if (block->header & BLOCK_PREV_FREE) {
        start = free_block_below(block);
        bin_remove(start);
    }
    fl_heap.held -= used_size(block);
    block->header = 0;
    if (next == fl_heap.top) {
        free_to_top(start);
        return;
    }
    if (above != 0) {
        bin_remove(next);
        next->header = 0;
        next = block_above(next, above);
    }
    next->header |= BLOCK_PREV_FREE;
    free_insert(start, block_distance(start, next));
    if ((next->header & SIZE_MASK) == 0) {
        area_unmap(start, next);
    }
}

/* ---- Resizing -------------------------------------------------------------------------------- */

/* Splits a used block in two; returns the upper one. */
static struct block *split(struct block *block, size_t size)
{
    struct block *upper = block_above(block, size);

    header_seal(upper, used_size(block) - size, BLOCK_USED);
    header_seal(block, size, BLOCK_USED | (block->header & BLOCK_PREV_FREE));
    return upper;
}

/* Adds the used block above to this one. */
static void join(struct block *block, struct block *upper)
{
    size_t size = used_size(block) + used_size(upper);

    upper->header = 0;
    header_seal(block, size, BLOCK_USED | (block->header & BLOCK_PREV_FREE));
}

static bool grow(struct block *block, size_t more)
{
    struct block *next = block_above(block, used_size(block));

    if (next == fl_heap.top) {
        if (block_distance(next, fl_heap.end) < more) {
            return false;
        }
        top_carve(more);
    } else {
        if (free_size_above(block, next) < more) {
            return false;
        }
        carve(next, more);
    }
    join(block, next);
    return true;
}

reg_call bool fl_heap_resize(void *content, size_t size)
{
    struct block *block = block_of(content);
    size_t old_size = used_size(block);

    if (size < old_size) {
        fl_heap_free(content_of(split(block, size)));
    }
    return size <= old_size || grow(block, size - old_size);
}

reg_call void fl_heap_cut_front(void *content, void *at)
{
    split(block_of(content), (size_t)((char *)at - (char *)content));
    fl_heap_free(content);
}

/* ---- Walk and check -------------------------------------------------------------------------- */

static const struct area *area_around(const void *at)
{
    const struct area *area = areas;

    while (area != NULL && (uintptr_t)at - (uintptr_t)content_of(first_block(area)) >=
                               block_distance(first_block(area), end_block(area))) {
        area = area->next;
    }
    return area;
}

reg_call bool fl_heap_contains(const void *at)
{
    return (uintptr_t)at - (uintptr_t)content_of(fl_heap.first) <
               block_distance(fl_heap.first, fl_heap.top) ||
           area_around(at) != NULL;
}

static inline struct block *blocks_end(const struct area *area)
{
    return area == areas ? fl_heap.top : end_block(area);
}

static inline size_t any_size(const struct block *block)
{
    return block_is_free(block) ? free_size(block) : used_size(block);
}

static void walk_area(struct heap_walk *walk, const struct area *area)
{
    struct block *block = first_block(area), *end = blocks_end(area);

    for (; block < end; block = block_above(block, any_size(block))) {
        const void *content = content_of(block);
        walk_piece(walk, content, any_size(block), is_allocated(header_open(content)));
    }
    if (block < end_block(area)) {
        walk_piece(walk, content_of(block), block_distance(block, end_block(area)), false);
    }
    walk->piece.region++;
}

void fl_heap_walk(struct heap_walk *walk)
{
    for (const struct area *area = areas; area != NULL; area = area->next) {
        walk_area(walk, area);
    }
}

/* Walks the blocks of the area, from its first to the one around the address. */
const char *fl_heap_blame(const void *at, const void **found)
{
    const struct area *area = area_around(at);
    const struct block *block = first_block(area), *end = blocks_end(area);

    while (block < end) {
        const struct block *next = block_above(block, any_size(block));
        if (next <= block || next > end ||
            !(block_is_free(block) || is_used(header_open(content_of(block))))) {
            return "the heap below this address was overwritten";
        }
        if ((uintptr_t)at < (uintptr_t)content_of(next)) {
            break;
        }
        block = next;
    }
    *found = content_of(block);
    if (block >= end || block_is_free(block) || is_cached(header_open(*found))) {
        return "freed already (double free), or never allocated";
    }
    return "points into the middle of a block";
}

/* What the check counts. */
struct sums {
    uint32_t n_cached, n_free;
    size_t held, mapped;
};

/* Checks one block against the one below it and, if it is free, against its copied size. */
static const char *check_block(const struct block *block, bool was_free, const struct block *end,
                               struct sums *sums)
{
    uint32_t opened = header_open(content_of(block));
    size_t size = any_size(block);

    if (size == 0 || size % GRAIN != 0 || size > block_distance(block, end)) {
        return "a block leaves its area";
    }
    if (block_is_free(block)) {
        if (was_free) {
            return "two free blocks touch";
        }
        return block_above(block, size)->size_below == size ? NULL
                                                            : "a free block's two sizes differ";
    }
    if (((block->header & BLOCK_PREV_FREE) != 0) != was_free) {
        return "a block is wrong about the one below it";
    }
    sums->n_cached += is_cached(opened);
    sums->held += size;
    return is_used(opened) ? NULL : "a broken seal";
}

static const char *check_area(const struct area *area, struct sums *sums)
{
    const struct block *block = first_block(area), *end = blocks_end(area);
    bool was_free = false;

    sums->mapped += area->end - (uintptr_t)area;
    while (block < end) {
        const char *wrong = check_block(block, was_free, end, sums);
        if (wrong != NULL) {
            return wrong;
        }
        was_free = block_is_free(block);
        sums->n_free += was_free;
        block = block_above(block, any_size(block));
    }
    if (area == areas) {
        return was_free ? "a free block below the top" : NULL;
    }
    return is_used(header_open(content_of(end))) ? NULL : "a fence is gone";
}

static const char *check_bin(uint32_t bin, uint32_t *n_free)
{
    bool is_marked = (bin_map[bin / WORD_BITS] >> (bin % WORD_BITS) & 1) != 0;
    struct block *const *link = &LIST_FIRST(&bins[bin]);

    if (is_marked != (*link != NULL)) {
        return "the bitmap is wrong about a bin";
    }
    for (const struct block *block = *link; block != NULL; block = *link) {
        if (block->in_bin.le_prev != link || !block_is_free(block) ||
            bin_of(free_size(block)) != bin) {
            return "a bin is broken";
        }
        link = &LIST_NEXT(block, in_bin);
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

const char *fl_heap_check(uint32_t n_cached)
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
    if (sums.n_free != 0 || sums.n_cached != n_cached) {
        return "free or cached blocks are lost";
    }
    return sums.held == fl_heap.held && sums.mapped == fl_heap.mapped ? NULL : "a sum is wrong";
}

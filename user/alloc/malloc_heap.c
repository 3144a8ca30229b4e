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

#define GROW_MIN   (4u * 1024)   /* pages are fetched at least so many bytes at a time ...      */
#define GROW_MAX   (64u * 1024)  /* ... and at most, unless more is missing; between the two, ... */
#define GROW_SHARE 512u          /* ... this part of what is there                               */
#define TRIM_FROM  (160u * 1024) /* so much at the top is given back ...                    */
#define TRIM_KEEP  (64u * 1024)  /* ... down to this: the distance keeps a loop from thrashing */

#define AREA_SHARE 8           /* a second or later area has at least this part of the whole  */
#define HEAP_HINT  0x90000000u /* out of the way of the kernel's own choices, from 0x80000000   */

#define EXACT_SHIFT    5 /* sub-bins of a doubling: 1 << 5       */
#define SUB_BINS       (1u << EXACT_SHIFT)
#define UNITS_MAX_LOG2 28 /* a block of the whole address space   */
#define N_BINS         ((UNITS_MAX_LOG2 - EXACT_SHIFT + 2) * SUB_BINS)
#define WORD_BITS      32u
#define SEARCH_MAX     32u /* blocks looked at in one bin          */

/* A free block, at its address. */
struct free_block {
    struct free_block *next, *prev;
};

/* At the start of each area. Its first block follows at first_of(). */
struct area {
    struct area *next;
    uintptr_t end;
};

struct heap fl_heap;

static struct area *areas; /* the growing one comes first */
static struct free_block *bins[N_BINS];
static uint32_t bin_map[N_BINS / WORD_BITS];
static uint32_t bin_map_sum;

_Static_assert(N_BINS / WORD_BITS <= WORD_BITS, "one word sums up the bitmap");
_Static_assert(sizeof(struct free_block) + 2 * HEADER_SIZE <= GRAIN, "a grain holds a free block");

static inline uintptr_t first_of(const struct area *area)
{
    return (uintptr_t)area + GRAIN;
}

/* ---- Blocks -------------------------------------------------------------------------------------- */

static inline uintptr_t block_end(uintptr_t block, uint32_t units)
{
    return block + ((uintptr_t)units << GRAIN_SHIFT);
}

static inline bool is_free(uintptr_t block)
{
    return !(*header_of(block) & BLOCK_TAKEN);
}

static inline uint32_t free_units(uintptr_t block)
{
    return *header_of(block) >> UNITS_SHIFT;
}

static inline uint32_t taken_units(uintptr_t block)
{
    return (*header_of(block) & SIZE_MASK) >> UNITS_SHIFT;
}

/* The copy of a free block's size, seen from the block above it. */
static inline uint32_t *size_below(uintptr_t block)
{
    return (uint32_t *)(block - 2 * HEADER_SIZE);
}

/* ---- Bins ---------------------------------------------------------------------------------------- */

static inline uint32_t bin_of(uint32_t units)
{
    if (units < 2 * SUB_BINS) {
        return units;
    }
    uint32_t shift = (WORD_BITS - 1 - EXACT_SHIFT) - (uint32_t)__builtin_clz(units);
    return (shift << EXACT_SHIFT) + (units >> shift);
}

static inline void bin_insert(uintptr_t at, uint32_t units)
{
    struct free_block *block = (struct free_block *)at, *first;
    uint32_t bin = bin_of(units);

    first = bins[bin];
    block->next = first;
    block->prev = NULL;
    bins[bin] = block;
    if (first != NULL) {
        first->prev = block;
        return;
    }
    bin_map[bin / WORD_BITS] |= 1u << (bin % WORD_BITS);
    bin_map_sum |= 1u << (bin / WORD_BITS);
}

static inline void bin_remove(uintptr_t at, uint32_t units)
{
    struct free_block *block = (struct free_block *)at, *next = block->next, *prev = block->prev;

    if (next != NULL) {
        next->prev = prev;
    }
    if (prev != NULL) {
        prev->next = next;
        return;
    }
    uint32_t bin = bin_of(units);
    bins[bin] = next;
    if (next == NULL) {
        uint32_t word = bin_map[bin / WORD_BITS] &= ~(1u << (bin % WORD_BITS));
        if (word == 0) {
            bin_map_sum &= ~(1u << (bin / WORD_BITS));
        }
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
static uintptr_t bin_best(uint32_t bin, uint32_t units)
{
    uintptr_t best = 0;
    uint32_t best_units = ~0u, n = 0;

    for (struct free_block *b = bins[bin]; b != NULL && n < SEARCH_MAX; b = b->next, n++) {
        uint32_t have = free_units((uintptr_t)b);
        if (have >= units && have < best_units) {
            best = (uintptr_t)b;
            best_units = have;
        }
    }
    return best;
}

static inline uintptr_t find_fit(uint32_t units)
{
    uint32_t bin = bin_of(units);

    if (units >= 2 * SUB_BINS) {
        uintptr_t found = bin_best(bin, units);
        if (found != 0) {
            return found;
        }
        bin++;
    }
    bin = bin_next(bin);
    if (bin >= 2 * SUB_BINS) {
        return bin < N_BINS ? bin_best(bin, units) : 0;
    }
    return (uintptr_t)bins[bin];
}

/* Makes [at, at + units) a free block. Its lower neighbour is taken; the upper one is told. */
static inline void free_put(uintptr_t at, uint32_t units)
{
    uintptr_t next = block_end(at, units);

    *header_of(at) = units << UNITS_SHIFT;
    *size_below(next) = units;
    *header_of(next) |= BLOCK_PREV_FREE;
    bin_insert(at, units);
}

/* ---- Areas --------------------------------------------------------------------------------------- */

/* The growing area is closed: its rest becomes a free block, and a fence stands at its end. */
static void close_area(void)
{
    uintptr_t fence = fl_heap.end;

    if (areas == NULL) {
        return;
    }
    *header_of(fence) = header_seal(fence, 0, BLOCK_TAKEN);
    if (fl_heap.top < fence) {
        free_put(fl_heap.top, (uint32_t)(fence - fl_heap.top) >> GRAIN_SHIFT);
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
    return (step + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
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
    uintptr_t end = (fl_heap.top + TRIM_KEEP + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);

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
static void drop_area_of(uintptr_t block, uintptr_t fence)
{
    for (struct area **link = &areas->next; *link != NULL; link = &(*link)->next) {
        struct area *area = *link, *next = area->next;
        if (first_of(area) != block) {
            continue;
        }
        bin_remove(block, free_units(block));
        if (os_pages_unmap(area, fence - (uintptr_t)area)) {
            *link = next;
            fl_heap.mapped -= fence - (uintptr_t)area;
        } else {
            bin_insert(block, (uint32_t)(fence - block) >> GRAIN_SHIFT);
        }
        return;
    }
}

/* ---- Taking -------------------------------------------------------------------------------------- */

/* A found free block of which `units` are used; the rest stays free. */
static inline void carve(uintptr_t block, uint32_t units)
{
    uint32_t have = free_units(block);
    uintptr_t rest = block_end(block, units);

    bin_remove(block, have);
    *header_of(block) = header_seal(block, units, BLOCK_TAKEN);
    if (have == units) {
        *header_of(rest) &= ~BLOCK_PREV_FREE;
        return;
    }
    have -= units;
    *header_of(rest) = have << UNITS_SHIFT;
    *size_below(block_end(rest, have)) = have;
    bin_insert(rest, have);
}

static __attribute__((noinline)) uintptr_t take_top(uint32_t units)
{
    size_t bytes = (size_t)units << GRAIN_SHIFT;
    uintptr_t block;

    if (fl_heap.end - fl_heap.top < bytes && !grow_top(bytes)) {
        return 0;
    }
    block = fl_heap.top;
    fl_heap.top += bytes;
    if (fl_heap.top <= fl_heap.zero_from) { /* what stands above the last block looks free */
        *header_of(fl_heap.top) = 0;
    }
    fl_heap.clean_from = fl_heap.zero_from;
    if (fl_heap.zero_from < fl_heap.top) {
        fl_heap.zero_from = fl_heap.top;
    }
    *header_of(block) = header_seal(block, units, BLOCK_TAKEN);
    return block;
}

heap_call uintptr_t fl_heap_take(uint32_t units)
{
    uintptr_t block = find_fit(units);

    if (block != 0) {
        carve(block, units);
    } else {
        block = take_top(units);
        if (block == 0) {
            return 0;
        }
    }
    fl_heap.held += (size_t)units << GRAIN_SHIFT;
    return block;
}

/* ---- Giving -------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline, noreturn)) void stop_overrun(uintptr_t block)
{
    fl_malloc_stop((void *)block, "the heap was overwritten behind this block");
}

static inline bool is_inside(uintptr_t at)
{
    return (at >= fl_heap.first && at < fl_heap.top) || fl_heap_contains(at) ||
           fl_heap_contains(at - 1);
}

/* The size of the free block above `block`, whose two sizes must agree. */
static inline uint32_t units_above(uintptr_t block, uintptr_t next)
{
    uint32_t above = free_units(next);
    uintptr_t end = block_end(next, above);

    if (above >= (1u << UNITS_MAX_LOG2) || !is_inside(end) || *size_below(end) != above) {
        stop_overrun(block);
    }
    return above;
}

static __attribute__((cold, noinline, noreturn)) void stop_overrun_below(uintptr_t block)
{
    fl_malloc_stop((void *)block, "the heap was overwritten in front of this block");
}

/* The start of the free block below. */
static inline uintptr_t start_below(uintptr_t block)
{
    uint32_t below = *size_below(block);
    uintptr_t start = block - ((uintptr_t)below << GRAIN_SHIFT);

    if (below >= (1u << UNITS_MAX_LOG2) || !is_inside(start) ||
        *header_of(start) >> UNITS_SHIFT != below) {
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
    uint32_t units = taken_units(block), above = 0;
    uintptr_t next = block_end(block, units), start = block;

    if (next != fl_heap.top) {
        if (!is_plausible(header_open(next))) {
            stop_overrun(block);
        }
        above = is_free(next) ? units_above(block, next) : 0;
    }
    if (*header_of(block) & BLOCK_PREV_FREE) {
        start = start_below(block);
        bin_remove(start, *size_below(block));
    }
    *header_of(block) = 0;
    fl_heap.held -= (size_t)units << GRAIN_SHIFT;
    if (next == fl_heap.top) {
        give_to_top(start);
        return;
    }
    if (above != 0) {
        bin_remove(next, above);
        *header_of(next) = 0;
        next = block_end(next, above);
    }
    free_put(start, (uint32_t)(next - start) >> GRAIN_SHIFT);
    if ((*header_of(next) & SIZE_MASK) == 0) {
        drop_area_of(start, next);
    }
}

/* ---- Resizing ------------------------------------------------------------------------------------ */

/* Splits a taken block in two taken ones. */
static void split(uintptr_t block, uint32_t units, uint32_t rest_units)
{
    uintptr_t rest = block_end(block, units);

    *header_of(rest) = header_seal(rest, rest_units, BLOCK_TAKEN);
    *header_of(block) =
        header_seal(block, units, BLOCK_TAKEN | (*header_of(block) & BLOCK_PREV_FREE));
}

static void set_units(uintptr_t block, uint32_t old_units, uint32_t units)
{
    *header_of(block) =
        header_seal(block, units, BLOCK_TAKEN | (*header_of(block) & BLOCK_PREV_FREE));
    fl_heap.held += (size_t)units << GRAIN_SHIFT;
    fl_heap.held -= (size_t)old_units << GRAIN_SHIFT;
}

static bool grow_into_top(uintptr_t block, uint32_t old_units, uint32_t units)
{
    uint32_t more = units - old_units;
    uintptr_t rest;

    if (fl_heap.end - fl_heap.top < (size_t)more << GRAIN_SHIFT) {
        return false;
    }
    rest = take_top(more);
    *header_of(rest) = 0;
    set_units(block, old_units, units);
    return true;
}

heap_call bool fl_heap_resize(uintptr_t block, uint32_t units)
{
    uint32_t old_units = taken_units(block);
    uintptr_t next = block_end(block, old_units);

    if (units < old_units) {
        split(block, units, old_units - units);
        fl_heap_give(block_end(block, units));
        return true;
    }
    if (units == old_units) {
        return true;
    }
    if (next == fl_heap.top) {
        return grow_into_top(block, old_units, units);
    }
    if (!is_free(next) || old_units + free_units(next) < units) {
        return false;
    }
    carve(next, units - old_units);
    *header_of(next) = 0;
    set_units(block, old_units, units);
    return true;
}

heap_call void fl_heap_cut_front(uintptr_t block, uintptr_t at)
{
    uint32_t units = taken_units(block), front = (uint32_t)(at - block) >> GRAIN_SHIFT;

    split(block, front, units - front);
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

static inline uint32_t any_units(uintptr_t block)
{
    return is_free(block) ? free_units(block) : taken_units(block);
}

/* Walks the blocks of the area, from its first to the one that contains the address. */
const char *fl_heap_blame(uintptr_t at, uintptr_t *found)
{
    const struct area *area = area_around(at);
    uintptr_t block = first_of(area), end = blocks_end(area);

    while (block < end) {
        uintptr_t next = block_end(block, any_units(block));
        if (next <= block || next > end || !is_plausible(header_open(block))) {
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

/* One block of the walk: what its header says must fit the one before and, if free, its bin. */
static const char *check_block(uintptr_t block, bool was_free, uintptr_t end, struct sums *sums)
{
    bool says_free = (*header_of(block) & BLOCK_PREV_FREE) != 0;

    if (says_free != was_free) {
        return "a block is wrong about the one below it";
    }
    if (any_units(block) == 0 || block_end(block, any_units(block)) > end) {
        return "a block leaves its area";
    }
    if (!is_free(block)) {
        uint32_t opened = header_open(block);
        sums->n_cached += is_cached(opened);
        sums->held += (size_t)taken_units(block) << GRAIN_SHIFT;
        return opened <= ~SEAL_MASK ? NULL : "a broken seal";
    }
    if (was_free) {
        return "two free blocks touch";
    }
    return *size_below(block_end(block, free_units(block))) == free_units(block)
               ? NULL
               : "a free block's two sizes differ";
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
        block = block_end(block, any_units(block));
    }
    if (area == areas) {
        return was_free ? "a free block below the top" : NULL;
    }
    return header_open(end) <= ~SEAL_MASK ? NULL : "a fence is gone";
}

static const char *check_bin(uint32_t bin, uint32_t *n_free)
{
    bool is_marked = (bin_map[bin / WORD_BITS] >> (bin % WORD_BITS) & 1) != 0;
    const struct free_block *prev = NULL;

    if (is_marked != (bins[bin] != NULL)) {
        return "the bitmap is wrong about a bin";
    }
    for (const struct free_block *b = bins[bin]; b != NULL; prev = b, b = b->next) {
        if (b->prev != prev || !is_free((uintptr_t)b) || bin_of(free_units((uintptr_t)b)) != bin) {
            return "a bin is broken";
        }
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

/*
 * Slabs, from which malloc takes small blocks. Each is 32 grains of 16 bytes, cut into blocks of
 * one size, 1 to 4 grains.
 *
 * Nothing of malloc's lies in a slab. The record of a slab has a bit for every grain, set where an
 * allocated block starts, and the records lie in pages of their own. A program that writes past its
 * block can therefore damage its own blocks but never malloc, and whether a pointer may be freed is
 * certain: either the bit of its grain is set or it is not a block (double frees, interior
 * pointers).
 *
 * The slabs lie side by side in one area, so an address's distance from the start, divided by the
 * slab size, is the number of its slab and record. Both the area and the records grow at their
 * ends. Empty slabs go to a common list that serves every block size. The last slab of each size
 * stays, so that a program that allocates and frees a single block does not make and unmake a slab
 * each time. When half of the slabs are free, those at the end are unmapped.
 *
 * Blocks are taken from the slab at the head of their size's list until it is full. A full slab
 * that gets room again is listed second, behind the one being filled: at the head it would be full
 * again at once, and every allocation and free would move it.
 *
 * One area is enough because nothing depends on slabs: when it cannot grow, because another mapping
 * of the program is in the way or the kernel refuses, malloc takes small blocks from the heap.
 */
#include "user/alloc/malloc/malloc_slab.h"

#include "user/alloc/os_pages.h"

#define SLAB_HINT     0x88000000u  /* below the heap, away from the kernel's own choices ...      */
#define RECORD_HINT   0x8E000000u  /* ... and so far apart that 96 MiB of slabs fit in between    */
#define GROW_SHARE    256u         /* the area grows by this part of itself, at least a page ...  */
#define GROW_MAX      (64u * 1024) /* ... and at most this many bytes                             */
#define TRIM_FROM     64u          /* free slabs up to which none is unmapped                     */
#define TRIM_KEEP     32u          /* free slabs that stay mapped at the end                      */
#define TRIES_BETWEEN 256u         /* requests that are refused before growth is tried again      */

struct slabs fl_slabs;

static struct slab_list free_slabs;
static uint32_t n_slabs, n_free;
static size_t mapped, records_mapped; /* bytes */
static uint32_t wait_before_growth;   /* requests still to be refused */

const uint32_t fl_slab_starts[SMALL_GRAINS + 1] = {
    0, 0xFFFFFFFF, 0x55555555, 0x09249249, 0x11111111,
};

/* ---- The area -------------------------------------------------------------------------------- */

/* Extends a range where it lies, or maps it if it is still empty. */
static bool extend(void **start, uintptr_t hint, size_t *size, size_t step)
{
    void *extended = *size == 0 ? os_pages_map_near((void *)hint, step)
                                : os_pages_remap(*start, *size, *size + step, false);
    if (extended == NULL) {
        return false;
    }
    *start = extended;
    *size += step;
    return true;
}

/* Makes room for one more slab and its record. */
static bool grow(void)
{
    size_t step = whole_pages(mapped / GROW_SHARE + 1);
    void *records = fl_slabs.records, *first = (void *)fl_slabs.first;
    bool has_grown;

    if ((n_slabs + 1) * sizeof(struct slab) > records_mapped &&
        !extend(&records, RECORD_HINT, &records_mapped, PAGE_SIZE)) {
        return false;
    }
    fl_slabs.records = records;
    has_grown = fl_slabs.span < mapped ||
                extend(&first, SLAB_HINT, &mapped, step < GROW_MAX ? step : GROW_MAX);
    fl_slabs.first = (uintptr_t)first;
    return has_grown;
}

/* Adds a slab at the end. Returns NULL if there is no room. */
static struct slab *append_slab(void)
{
    struct slab *slab;

    if (wait_before_growth > 0) {
        wait_before_growth--;
        return NULL;
    }
    if (!grow()) {
        wait_before_growth = TRIES_BETWEEN;
        return NULL;
    }
    slab = &fl_slabs.records[n_slabs++];
    slab->start = fl_slabs.first + fl_slabs.span;
    slab->used = 0;
    fl_slabs.span += SLAB_SIZE;
    return slab;
}

/* Unmaps what lies beyond `used` bytes, if the kernel can. */
static void shorten(void *start, size_t used, size_t *size)
{
    used = whole_pages(used);
    if (used < *size && os_pages_unmap((char *)start + used, *size - used)) {
        *size = used;
    }
}

static inline bool is_full(const struct slab *slab)
{
    return slab->used == fl_slab_starts[slab->grains];
}

static inline bool is_empty(const struct slab *slab)
{
    return slab->used == 0;
}

/* Unmaps the empty slabs at the end, even the last ones of their sizes. */
static void trim(void)
{
    while (n_slabs > 0 && is_empty(&fl_slabs.records[n_slabs - 1])) {
        n_slabs--;
        fl_slabs.span -= SLAB_SIZE;
        n_free -= fl_slabs.records[n_slabs].grains == 0;
        LIST_REMOVE(&fl_slabs.records[n_slabs], in_list);
    }
    shorten((void *)fl_slabs.first, fl_slabs.span + TRIM_KEEP * SLAB_SIZE, &mapped);
    shorten(fl_slabs.records, (n_slabs + TRIM_KEEP) * sizeof(struct slab), &records_mapped);
}

/* ---- Allocation and freeing ------------------------------------------------------------------ */

/* Puts a free or new slab at the head of the list of this size. Returns NULL if there is none. */
static struct slab *add_slab(uint32_t grains)
{
    struct slab *slab = LIST_FIRST(&free_slabs);

    if (slab != NULL) {
        LIST_REMOVE(slab, in_list);
        n_free--;
    } else {
        slab = append_slab();
    }
    if (slab != NULL) {
        slab->grains = (uint8_t)grains;
        slab->is_listed = true;
        LIST_INSERT_HEAD(&fl_slabs.with_room[grains], slab, in_list);
    }
    return slab;
}

reg_call void *fl_slab_alloc_slow(uint32_t grains)
{
    struct slab *slab;

    grains = grains > 0 ? grains : 1; /* malloc(0) is a block too */
    while ((slab = LIST_FIRST(&fl_slabs.with_room[grains])) != NULL && is_full(slab)) {
        LIST_REMOVE(slab, in_list);
        slab->is_listed = false;
    }
    if (slab == NULL) {
        slab = add_slab(grains);
    }
    return slab != NULL ? slab_take(slab, grains) : NULL;
}

reg_call void fl_slab_list(struct slab *slab)
{
    struct slab_list *list = &fl_slabs.with_room[slab->grains];

    slab->is_listed = true;
    if (LIST_EMPTY(list)) {
        LIST_INSERT_HEAD(list, slab, in_list);
    } else {
        LIST_INSERT_AFTER(LIST_FIRST(list), slab, in_list);
    }
}

reg_call void fl_slab_emptied(struct slab *slab)
{
    struct slab_list *list = &fl_slabs.with_room[slab->grains];

    if (LIST_FIRST(list) != slab || LIST_NEXT(slab, in_list) != NULL) {
        LIST_REMOVE(slab, in_list);
        slab->grains = 0;
        LIST_INSERT_HEAD(&free_slabs, slab, in_list);
        n_free++;
    }
    if (n_free > TRIM_FROM && n_free > n_slabs / 2) {
        trim();
    }
}

/* ---- Walk and check -------------------------------------------------------------------------- */

const char *fl_slab_blame(const void *at, const void **found)
{
    const struct slab *slab = slab_of(at);

    if (slab->grains != 0) {
        *found = (const char *)at - ((uintptr_t)at - slab->start) % slab_block_size(slab);
        if (slab_has_block(slab, *found)) {
            return "points into the middle of a block";
        }
    }
    return "freed already (double free), or never allocated";
}

static void walk_slab(struct heap_walk *walk, const struct slab *slab)
{
    const char *block = (const char *)slab->start, *end = block + SLAB_SIZE;
    size_t size = slab_block_size(slab);

    for (; size != 0 && (size_t)(end - block) >= size; block += size) {
        walk_piece(walk, block, size, slab_has_block(slab, block));
    }
    if (block < end) {
        walk_piece(walk, block, (size_t)(end - block), false);
    }
}

void fl_slab_walk(struct heap_walk *walk)
{
    for (uint32_t i = 0; i < n_slabs; i++) {
        walk_slab(walk, &fl_slabs.records[i]);
    }
    walk->piece.region += n_slabs > 0;
}

static bool is_right(const struct slab *slab, uint32_t number)
{
    return slab->start == fl_slabs.first + number * SLAB_SIZE &&
           (slab->used & ~fl_slab_starts[slab->grains]) == 0 &&
           (slab->grains == 0 || slab->is_listed || is_full(slab));
}

static uint32_t count_listed(const struct slab_list *list, uint32_t grains)
{
    const struct slab *slab;
    uint32_t n = 0;

    LIST_FOREACH (slab, list, in_list) {
        n += slab->grains == grains && (grains == 0 || slab->is_listed);
    }
    return n;
}

const char *fl_slab_check(void)
{
    uint32_t n_listed[SMALL_GRAINS + 1] = {0};

    if (fl_slabs.span != n_slabs * SLAB_SIZE || fl_slabs.span > mapped ||
        n_slabs * sizeof(struct slab) > records_mapped) {
        return "the slabs' area and their number differ";
    }
    for (uint32_t i = 0; i < n_slabs; i++) {
        const struct slab *slab = &fl_slabs.records[i];
        if (slab->grains > SMALL_GRAINS || !is_right(slab, i)) {
            return "a slab's record is broken";
        }
        n_listed[slab->grains] += slab->grains == 0 || slab->is_listed;
    }
    for (uint32_t grains = 1; grains <= SMALL_GRAINS; grains++) {
        if (count_listed(&fl_slabs.with_room[grains], grains) != n_listed[grains]) {
            return "a slab with room is not in its list";
        }
    }
    return count_listed(&free_slabs, 0) == n_listed[0] && n_listed[0] == n_free
               ? NULL
               : "a free slab is lost";
}

/*
 * Slabs, from which malloc takes small blocks: 512 bytes each, cut into blocks of one size, which is 1
 * to 4 grains of 16 bytes.
 *
 * Nothing of malloc's lies in a slab. A slab's record has a bit for every grain, set where a block
 * starts that is handed out, and the records lie in pages of their own. So a program that writes past
 * its block can spoil other blocks of its own but never malloc, and whether a pointer may be freed is
 * known for certain: the bit of its grain is set, or it is no block (double frees, interior pointers).
 *
 * The slabs lie side by side in one area, so the number of an address's slab and record is its distance
 * from the start, shifted. The area grows at its end, the records' likewise. Slabs that have become
 * empty go to a common list, from which blocks of every size may be taken; but of each size the last
 * slab stays, so that a program that takes and gives a single block does not make and unmake a slab
 * each time. When half of the slabs are free, those at the end go back to the kernel.
 *
 * Blocks are taken from the slab at the head of their size's list until that is full. One that was full
 * and gets room comes second, behind the one being filled: put in front it would be full again at once,
 * and each take and give would move it.
 *
 * One area is enough, because nothing depends on slabs: when it cannot grow, since something else of
 * the program's lies in the way or the kernel refuses, small blocks come from the heap.
 */
#include "user/alloc/malloc_impl.h"
#include "user/alloc/os_pages.h"

#define SLAB_HINT     0x88000000u /* below the heap's, out of the way of the kernel's choices ... */
#define RECORD_HINT   0x8E000000u /* ... and so far apart that 96 MiB of slabs fit between        */
#define GROW_SHARE    256u        /* the area grows by this part of itself ...                    */
#define GROW_MAX      (64u * 1024) /* ... but at most by so many bytes, and by a page at least     */
#define TRIM_FROM     64u  /* slabs that may be free before any go back                    */
#define TRIM_KEEP     32u  /* of those at the end, so many stay                            */
#define TRIES_BETWEEN 256u /* blocks that the heap gives before growth is tried again      */

struct slabs fl_slabs;

static struct slab_list free_slabs;
static uint32_t n_slabs, n_free;
static size_t mapped, records_mapped; /* bytes */
static uint32_t wait_before_growth;   /* blocks still to come from the heap */

const uint32_t fl_slab_starts[SMALL_GRAINS + 1] = {
    0, 0xFFFFFFFF, 0x55555555, 0x09249249, 0x11111111,
};

/* ---- The area ---------------------------------------------------------------------------------- */

/* Makes a range that may not exist yet longer where it lies. */
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

/* Room for one slab and record more, or false. */
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

/* A slab more at the end, or NULL. */
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
    slab->taken = 0;
    fl_slabs.span += SLAB_SIZE;
    return slab;
}

/* What is mapped beyond `used` bytes is given back, as far as the kernel can. */
static void shorten(void *start, size_t used, size_t *size)
{
    used = whole_pages(used);
    if (used < *size && os_pages_unmap((char *)start + used, *size - used)) {
        *size = used;
    }
}

static inline bool is_full(const struct slab *slab)
{
    return slab->taken == fl_slab_starts[slab->grains];
}

static inline bool is_empty(const struct slab *slab)
{
    return slab->taken == 0;
}

/* Gives the empty slabs at the end back to the kernel, the last ones of their sizes too. */
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

/* ---- Taking ------------------------------------------------------------------------------------ */

/* A fresh slab at the head of the list of this size, or NULL. */
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

heap_call void *fl_slab_take_next(uint32_t grains)
{
    struct slab *slab;

    grains = grains > 0 ? grains : 1; /* no bytes are a block too */
    while ((slab = LIST_FIRST(&fl_slabs.with_room[grains])) != NULL && is_full(slab)) {
        LIST_REMOVE(slab, in_list);
        slab->is_listed = false;
    }
    if (slab == NULL) {
        slab = add_slab(grains);
    }
    return slab != NULL ? slab_take(slab, grains)
                        : (void *)fl_heap_take(size_for(grains << GRAIN_SHIFT));
}

/* ---- Giving ------------------------------------------------------------------------------------ */

heap_call void fl_slab_list(struct slab *slab)
{
    struct slab_list *list = &fl_slabs.with_room[slab->grains];

    slab->is_listed = true;
    if (LIST_EMPTY(list)) {
        LIST_INSERT_HEAD(list, slab, in_list);
    } else {
        LIST_INSERT_AFTER(LIST_FIRST(list), slab, in_list);
    }
}

/* Unless it is the last of its size, all sizes may have it. */
heap_call void fl_slab_emptied(struct slab *slab)
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

heap_call size_t fl_slab_usable(uintptr_t block)
{
    const struct slab *slab = slab_of(block);
    return is_slab_block(slab, block) ? (size_t)slab->grains << GRAIN_SHIFT : 0;
}

/* ---- Looking ----------------------------------------------------------------------------------- */

const char *fl_slab_blame(uintptr_t at, uintptr_t *found)
{
    const struct slab *slab = slab_of(at);

    if (slab->grains != 0) {
        *found = at - (at - slab->start) % ((uintptr_t)slab->grains << GRAIN_SHIFT);
        if (is_slab_block(slab, *found)) {
            return "points into the middle of a block";
        }
    }
    return "freed already (double free), or never allocated";
}

static void walk_slab(struct heap_walk *walk, const struct slab *slab)
{
    size_t size = (size_t)slab->grains << GRAIN_SHIFT;
    uintptr_t block = slab->start, end = slab->start + SLAB_SIZE;

    for (; size != 0 && end - block >= size; block += size) {
        walk_piece(walk, block, size, is_slab_block(slab, block));
    }
    if (block < end) {
        walk_piece(walk, block, end - block, false);
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
           (slab->taken & ~fl_slab_starts[slab->grains]) == 0 &&
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

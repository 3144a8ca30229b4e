/*
 * Many pages at a time: what munmap, mprotect, populate and fork do to page tables. Each function
 * walks a range table by table and passes frames in batches, without a call per page.
 */
#include "arch/pmap.h"

#include <stddef.h>

#include "arch/pmap/pmap_impl.h"
#include "arch/tlb.h"
#include "lib/assert.h"
#include "lib/minmax.h"

/* ---- Looking ---------------------------------------------------------------------------------- */

uint32_t pmap_count_absent(const struct pmap *pmap, struct vrange range)
{
    uint32_t va = range.start.raw, n = (table_end(va, range.end.raw) - va) >> PAGE_SHIFT;
    const struct pte *dir_entry = dir_slot(pmap, va);

    if (!(dir_entry->low & PTE_PRESENT)) {
        return n;
    }
    const struct pte *first = &table_of_slot(dir_entry)[table_index(va)], *slot = first;

    while (slot < first + n && !(slot->low & PTE_IN_USE)) {
        slot++;
    }
    return (uint32_t)(slot - first);
}

/* Moves *va up to the first address below end that has a page table, and returns the directory
 * entry of that table. Returns NULL if there is none. Untouched memory mostly has no tables. Out of
 * line it costs 55 instructions in scale_teardown_per_mapping_N1. */
static hot_inline_fn struct pte *next_table(const struct pmap *pmap, uint32_t *va, uint32_t end)
{
    while (*va < end && pmap->tables > 0) {
        struct pte *dir_entry = dir_slot(pmap, *va);
        if (dir_entry->low & PTE_PRESENT) {
            return dir_entry;
        }
        *va = table_end(*va, end);
    }
    return NULL;
}

bool pmap_next(struct pmap *pmap, vaddr_t *va, vaddr_t end, struct pmap_entry *out)
{
    uint32_t at = va->raw;
    const struct pte *dir_entry;

    while ((dir_entry = next_table(pmap, &at, end.raw)) != NULL) {
        uint32_t stop = table_end(at, end.raw);
        const struct pte *slot = &table_of_slot(dir_entry)[table_index(at)];
        for (; at < stop; at += PAGE_SIZE, slot++) {
            if (slot->low & PTE_IN_USE) {
                va->raw = at;
                out->pfn = pte_pfn(slot);
                out->prot = pte_prot(slot);
                return true;
            }
        }
    }
    return false;
}

vaddr_t pmap_next_table(const struct pmap *pmap, struct vrange range)
{
    uint32_t va = range.start.raw;

    return next_table(pmap, &va, range.end.raw) != NULL ? vaddr(va) : range.end;
}

/* ---- Changing --------------------------------------------------------------------------------- */

void pmap_enter_batch(struct pmap *pmap, vaddr_t va, const struct pmap_batch *batch, uint32_t prot)
{
    const struct pte *dir_entry = dir_slot(pmap, va.raw);
    struct pte *slot = &table_of_slot(dir_entry)[table_index(va.raw)];
    uint16_t *in_use = table_live(dir_entry);

    for (uint32_t i = 0; i < batch->count; i++, slot++) {
        debug_assert(!(slot->low & PTE_IN_USE));
        slot->high = user_high(batch->pfn[i], prot);
        slot->low = user_low(batch->pfn[i], prot);
    }
    *in_use = (uint16_t)(*in_use + batch->count);
}

/* Returns how many slots from va on, in its table and below end, certainly fit into the batch, so
 * that loops over slots need not check. */
static inline uint32_t slots_at_once(const struct pmap_batch *out, uint32_t va, uint32_t end)
{
    uint32_t room = PMAP_BATCH - out->count, slots = (table_end(va, end) - va) >> PAGE_SHIFT;

    return min_u32(slots, room);
}

/* Given an unused slot, returns the last slot of the unused run, four at a time. Large areas are
 * mostly sparse, so most of a walk is spent here. */
static noinline_fn struct pte *slots_skip(struct pte *slot, const struct pte *stop)
{
    while (slot + 4 < stop &&
           !((slot[1].low | slot[2].low | slot[3].low | slot[4].low) & PTE_IN_USE)) {
        slot += 4;
    }
    return slot;
}

/* Clears n slots from `first` on and adds their frames to the batch: the inner loop of munmap and
 * exit. With `each`, flushes every page on its own. */
static inline void slots_clear(struct pte *first, uint32_t n, uint32_t va, bool each,
                               struct pmap_batch *out)
{
    pfn_t *pfn = &out->pfn[out->count];
    const struct pte *stop = first + n;

    for (struct pte *slot = first; slot < stop; slot++) {
        uint32_t low = slot->low;
        if (low & PTE_IN_USE) {
            *pfn++ = pfn_of(low, slot->high);
            pte_clear(slot);
            if (each) {
                tlb_flush_page(va + ((uint32_t)(slot - first) << PAGE_SHIFT));
            }
        } else {
            slot = slots_skip(slot, stop);
        }
    }
    out->count = (uint32_t)(pfn - out->pfn);
}

/* True if a change to so many pages of this pmap is best flushed page by page. Other pmaps have
 * nothing in the TLB. */
static inline bool flushes_each(const struct pmap *pmap, struct vrange range)
{
    return pmap == pmap_active && vrange_pages(range) < FLUSH_ALL_PAGES;
}

bool pmap_remove(struct pmap *pmap, struct vrange *left, struct pmap_batch *out)
{
    uint32_t va = left->start.raw, end = left->end.raw;
    bool each = flushes_each(pmap, *left);
    struct pte *dir_entry;

    out->count = 0;
    while ((dir_entry = next_table(pmap, &va, end)) != NULL && out->count < PMAP_BATCH) {
        struct pte *slot = &table_of_slot(dir_entry)[table_index(va)];
        uint32_t before = out->count, n = slots_at_once(out, va, end);
        uint16_t *in_use = table_live(dir_entry);

        if (each) { /* two copies of the loop: 2 instructions less in munmap_per_touched_page */
            slots_clear(slot, n, va, true, out);
        } else {
            slots_clear(slot, n, va, false, out);
        }
        *in_use = (uint16_t)(*in_use - (out->count - before));
        if (*in_use == 0) {
            pmap_table_drop(pmap, dir_entry, va);
            va = table_end(va, end);
        } else {
            va += n << PAGE_SHIFT;
        }
    }
    if (!each && out->count > 0) {
        pmap_flush(pmap);
    }
    left->start.raw = va;
    return dir_entry != NULL;
}

/* Takes the rights that prot does not have from one present page. Every right implies the right to
 * read, so only prot 0 takes that away. */
static inline void slot_restrict(struct pte *slot, uint32_t prot)
{
    uint32_t allowed = PMAP_COW | prot | (prot != 0 ? PMAP_READ : 0);
    uint32_t keep = pte_prot(slot) & allowed;
    pfn_t pfn = pte_pfn(slot);

    pte_set(slot, user_low(pfn, keep), user_high(pfn, keep));
}

void pmap_protect(struct pmap *pmap, struct vrange range, uint32_t prot)
{
    uint32_t va = range.start.raw, end = range.end.raw;
    bool each = flushes_each(pmap, range);
    const struct pte *dir_entry;

    while ((dir_entry = next_table(pmap, &va, end)) != NULL) {
        uint32_t stop = table_end(va, end);
        struct pte *slot = &table_of_slot(dir_entry)[table_index(va)];
        for (; va < stop; va += PAGE_SIZE, slot++) {
            if (slot->low & PTE_PRESENT) {
                slot_restrict(slot, prot);
                if (each) {
                    tlb_flush_page(va);
                }
            }
        }
    }
    if (!each) {
        pmap_flush(pmap);
    }
}

/* Copies n slots into unused ones and adds their frames to the batch: the inner loop of fork. */
static inline void slots_share(struct pte *to, struct pte *from, uint32_t n, bool cow,
                               struct pmap_batch *out)
{
    pfn_t *pfn = &out->pfn[out->count];
    uint32_t keep = cow ? ~PTE_WRITE : ~0u, add = cow ? PTE_COW : 0;

    for (const struct pte *stop = from + n; from < stop; from++, to++) {
        uint32_t low = from->low;
        if (low & PTE_IN_USE) {
            uint32_t high = from->high;
            low = (low & keep) | add;
            from->low = low;
            to->high = high;
            to->low = low;
            *pfn++ = pfn_of(low, high);
        }
    }
    out->count = (uint32_t)(pfn - out->pfn);
}

int pmap_share(struct pmap *dst, struct pmap *src, struct vrange *left, bool cow,
               struct pmap_batch *out)
{
    uint32_t va = left->start.raw, end = left->end.raw;
    const struct pte *from_dir;
    int err = 0;

    out->count = 0;
    while ((from_dir = next_table(src, &va, end)) != NULL && out->count < PMAP_BATCH) {
        err = pmap_reserve(dst, vaddr(va));
        if (err != 0) {
            break;
        }
        struct pte *to_dir = dir_slot(dst, va);
        struct pte *from = &table_of_slot(from_dir)[table_index(va)];
        struct pte *to = &table_of_slot(to_dir)[table_index(va)];
        uint32_t before = out->count, n = slots_at_once(out, va, end);
        uint16_t *in_use = table_live(to_dir);

        if (cow) { /* two copies of the loop: 2 200 less in fork_call_1024_touched */
            slots_share(to, from, n, true, out);
        } else {
            slots_share(to, from, n, false, out);
        }
        *in_use = (uint16_t)(*in_use + (out->count - before));
        va += n << PAGE_SHIFT;
        if (*in_use == 0) {
            pmap_table_drop(dst, to_dir, va);
        }
    }
    left->start.raw = va;
    return err != 0 ? err : from_dir != NULL;
}

/*
 * The fault path. One struct vm_fault runs through four short steps:
 *
 *   look up   the area that holds the address, growing the stack if it is the stack's
 *   check     may it be accessed like this?
 *   get page  what is missing: nothing (a right to grant), a private copy, a page of zeros, or a
 *             page of the area's object
 *   enter     put it into the page table with the rights it may have now
 *
 * A page enters a table at the end of a fault or not at all; when memory runs out on the way, what
 * was taken goes back and the map is as before. Rights are granted here and nowhere else: mprotect
 * only takes away.
 *
 * Who may write without a copy: a shared area always; a private area when the frame belongs to it
 * alone (owner USER, one reference). The shared zero page and frames of a page cache are never
 * written through a private area.
 */
#include "mm/vm_fault.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/pmap.h"
#include "lib/assert.h"
#include "mm/commit_charge.h"
#include "mm/map/vm_map_impl.h"
#include "mm/phys/frame.h"
#include "mm/vm_object.h"

#define AROUND_PAGES 16u /* fault-around: as many pages as Linux's default, aligned to as many */
#define NO_ACCOUNT   0xFFu

static const char *const cause_words[VM_CAUSE_COUNT] = {
#define CAUSE(name, word) [VM_CAUSE_##name] = (word),
#include "abi/causes.def"
#undef CAUSE
};

const char *vm_cause_word(uint32_t cause)
{
    return cause < VM_CAUSE_COUNT ? cause_words[cause] : "unknown";
}

/* ---- Look up ---------------------------------------------------------------------------------- */

/* The area above va if it may grow down to the page of va: to VM_STACK_MAX bytes, and VM_STACK_GUARD
 * bytes of nothing stay below it. It grows when the page is there, so that a fault without memory leaves it as it was. */
static noinline_fn struct vm_area *stack_above(struct vm_map *map, uint32_t va)
{
    struct vm_area *area = vm_map_lookup_above(map, va);
    uint32_t start = page_floor(va);

    if (area == NULL || !(area->flags & VM_GROWS_DOWN) || area->object != NULL ||
        start < USER_BASE || area->end - start > VM_STACK_MAX) {
        return NULL;
    }
    if (area->prev != NULL && start - area->prev->end < VM_STACK_GUARD) {
        return NULL;
    }
    return area;
}

static uint8_t missing_cause(struct vm_map *map, uint32_t va)
{
    const struct vm_area *above = vm_map_lookup_above(map, va);

    if (va >= USER_END) {
        return VM_CAUSE_KERNEL_ADDRESS;
    }
    if (va < USER_BASE) {
        return VM_CAUSE_NULL_POINTER;
    }
    if (va >= VM_STACK_GUARD_FLOOR && above != NULL && (above->flags & VM_GROWS_DOWN)) {
        return VM_CAUSE_GUARD;
    }
    return VM_CAUSE_NO_AREA;
}

/* ---- Check ------------------------------------------------------------------------------------ */

/* The refusal's cause word, or VM_CAUSE_COUNT if the access is allowed. i386 has no write-only and
 * no execute-only pages: any right implies read. */
static inline uint8_t refusal(const struct vm_area *area, uint32_t access)
{
    if (area->prot == 0) {
        return VM_CAUSE_NO_ACCESS;
    }
    if (access == VM_WRITE && !(area->prot & VM_WRITE)) {
        return VM_CAUSE_READ_ONLY;
    }
    if (access == VM_EXEC && !(area->prot & VM_EXEC) && pmap_has_nx()) {
        return VM_CAUSE_NO_EXEC;
    }
    return VM_CAUSE_COUNT;
}

/* ---- Get page --------------------------------------------------------------------------------- */

static uint64_t object_offset(const struct vm_area *area, uint32_t va)
{
    return area->offset + (va - area->start);
}

/* The rights to enter a page with: write only if this map may write the frame as it is. An area that
 * may only be written is then still read: any right implies that, and a page without rights would
 * fault again for ever. */
static uint32_t enter_prot(const struct vm_area *area, bool may_write)
{
    if (likely(may_write)) {
        return area->prot;
    }
    return area->prot == VM_WRITE ? VM_READ : area->prot & ~VM_WRITE;
}

static bool is_own_frame(pfn_t pfn)
{
    const struct frame *f = frame_of(pfn);

    return f->owner == FRAME_USER && f->refs == 1;
}

/* A private copy of a frame. The reference to the old one stays the caller's. */
static pfn_t copy_frame(pfn_t from)
{
    pfn_t copy = frame_alloc(FRAME_USER, 0);

    if (copy != PFN_NONE) {
        pmap_copy_page(copy, from);
    }
    return copy;
}

static enum vm_fault_result finish(struct vm_fault *fault, enum vm_fault_result result,
                                   uint8_t cause)
{
    fault->cause = cause;
    return result;
}

cold_fn enum vm_fault_result vm_fault_of_refusal(uint32_t flags)
{
    switch (frame_refusal(flags)) {
    case FRAME_NONE_FREE:
        return VM_FAULT_NO_FRAME;
    case FRAME_NO_LOW_FREE:
        return VM_FAULT_NO_LOW_FRAME;
    default:
        return VM_FAULT_FORCED;
    }
}

static cold_fn enum vm_fault_result no_memory(struct vm_fault *fault, enum vm_fault_result result)
{
    fault->pfn = PFN_NONE;
    return finish(fault, result, VM_CAUSE_OUT_OF_MEMORY);
}

/* Replaces a page that may not be written by one that may. */
static enum vm_fault_result replace_page(struct vm_map *map, const struct vm_area *area,
                                         struct vm_fault *fault, pfn_t old)
{
    vaddr_t va = vaddr(page_floor(fault->va.raw));
    bool was_zero = old == frame_zero_page;
    pfn_t pfn = was_zero ? frame_alloc(FRAME_USER, FRAME_ZEROED) : copy_frame(old);

    if (pfn == PFN_NONE) {
        return no_memory(fault, vm_fault_of_refusal(0));
    }
    int err = pmap_enter(&map->pmap, va, pfn, area->prot);

    assert(err == 0); /* the table exists: an entry is replaced */
    frame_unref(old);
    fault->pfn = pfn;
    if (!was_zero) {
        return finish(fault, VM_FAULT_RESUME, VM_CAUSE_COPY_ON_WRITE);
    }
    map->rss_pages++;
    map->accounts[area->account].pages++;
    return finish(fault, VM_FAULT_RESUME, VM_CAUSE_DEMAND_ZERO);
}

/* The page is there: either a right is missing in the entry, or the CPU knew an old entry. */
static noinline_fn enum vm_fault_result resident_page(struct vm_map *map,
                                                      const struct vm_area *area,
                                                      struct vm_fault *fault,
                                                      const struct pmap_entry *entry)
{
    bool may_write = (area->flags & VM_SHARED) || is_own_frame(entry->pfn);
    bool is_write = fault->access == VM_WRITE;

    if (is_write && !may_write) {
        return replace_page(map, area, fault, entry->pfn);
    }
    int err = pmap_enter(&map->pmap, vaddr(page_floor(fault->va.raw)), entry->pfn,
                         enter_prot(area, may_write));

    assert(err == 0);
    fault->pfn = entry->pfn;
    /* What fork shared belongs to its last owner, without a copy. */
    bool taken_over = is_write && (entry->prot & PMAP_COW);

    return finish(fault, VM_FAULT_RESUME, taken_over ? VM_CAUSE_COPY_ON_WRITE : VM_CAUSE_RESIDENT);
}

/* Enters a page where `absent` says there is none; on failure its reference is dropped. */
static inline enum vm_fault_result enter_page(struct vm_map *map, vaddr_t va,
                                              const struct pmap_entry *absent, pfn_t pfn,
                                              uint32_t prot)
{
    if (unlikely(pmap_enter_absent(&map->pmap, va, absent, pfn, prot) != 0)) {
        enum vm_fault_result result = vm_fault_of_refusal(FRAME_LOW); /* of a table */

        frame_unref(pfn);
        return result;
    }
    return VM_FAULT_RESUME;
}

static inline void charge_pages(struct vm_map *map, struct fl_account *account, uint32_t n)
{
    map->rss_pages += n;
    account->pages += n;
}

/* The same for a page that is charged: all but the shared zero page. */
static inline enum vm_fault_result enter_new(struct vm_map *map, struct fl_account *account,
                                             vaddr_t va, const struct pmap_entry *absent, pfn_t pfn,
                                             uint32_t prot)
{
    enum vm_fault_result result = enter_page(map, va, absent, pfn, prot);

    if (likely(result == VM_FAULT_RESUME)) {
        charge_pages(map, account, 1);
    }
    return result;
}

/* Does a first access of this kind get zeros of its own? A read gets the shared zero page where that is
 * allowed. */
static inline bool wants_own_zeros(const struct vm_area *area, uint32_t access)
{
    return access == VM_WRITE || (area->flags & VM_OWN_ZERO);
}

/* Private memory without an object: zeros. The path of nearly all faults. */
static hot_inline_fn enum vm_fault_result
anonymous_page(struct vm_map *map, const struct vm_area *area, struct fl_account *account,
               struct vm_fault *fault, const struct pmap_entry *absent)
{
    enum vm_fault_result result;

    if (wants_own_zeros(area, fault->access)) {
        fault->pfn = frame_alloc(FRAME_USER, FRAME_ZEROED);
        if (unlikely(fault->pfn == PFN_NONE)) {
            return no_memory(fault, vm_fault_of_refusal(0));
        }
        result = enter_new(map, account, fault->va, absent, fault->pfn, area->prot);
    } else {
        fault->pfn = frame_zero_page;
        frame_ref(fault->pfn);
        result = enter_page(map, fault->va, absent, fault->pfn, enter_prot(area, false));
    }
    if (unlikely(result != VM_FAULT_RESUME)) {
        return no_memory(fault, result);
    }
    return finish(fault, VM_FAULT_RESUME, VM_CAUSE_DEMAND_ZERO);
}

/* Brings one page of the area's object to va, which is page aligned and has no page. */
static enum vm_fault_result object_page(struct vm_map *map, const struct vm_area *area, uint32_t va,
                                        const struct pmap_entry *absent, bool is_write,
                                        struct vm_page *page)
{
    struct fl_account *account = &map->accounts[area->account];
    enum vm_fault_result result =
        area->object->pager->get_page(area->object, object_offset(area, va), page);

    if (result != VM_FAULT_RESUME) {
        return result;
    }
    bool may_write = !page->is_cached || (area->flags & VM_SHARED);

    if (is_write && !may_write) {
        pfn_t copy = copy_frame(page->pfn);
        if (copy == PFN_NONE) {
            result = vm_fault_of_refusal(0);
        }
        frame_unref(page->pfn);
        if (copy == PFN_NONE) {
            return result;
        }
        page->pfn = copy;
        may_write = true;
    }
    result = enter_new(map, account, vaddr(va), absent, page->pfn, enter_prot(area, may_write));
    if (result == VM_FAULT_RESUME) {
        account->bytes_lost += page->bytes_lost;
    }
    return result;
}

/* The absent pages of one area that lie in [start, end) of its object, without the one at `but`. */
static enum vm_fault_result cluster_in_area(struct vm_map *map, struct vm_area *area,
                                            uint64_t start, uint64_t end, uint32_t but)
{
    uint64_t area_end = area->offset + (area->end - area->start);
    uint64_t from = start > area->offset ? start : area->offset;
    uint64_t to = end < area_end ? end : area_end;
    uint32_t steps = 0;

    for (uint64_t at = from; at < to; at += PAGE_SIZE) {
        uint32_t va = area->start + (uint32_t)(at - area->offset);
        struct pmap_entry entry;
        struct vm_page page;
        if (va == but || pmap_lookup(&map->pmap, vaddr(va), &entry)) {
            continue;
        }
        enum vm_fault_result result = object_page(map, area, va, &entry, false, &page);
        if (result != VM_FAULT_RESUME) {
            return result;
        }
        if (vm_map_preempt_step(map, &steps)) {
            return VM_FAULT_KILLED;
        }
    }
    return VM_FAULT_RESUME;
}

/* What comes along with the faulting page (the loader's segment policy): the cluster may reach over
 * several areas of the object. The faulting page itself comes last, so that a fault which ran out
 * of memory half-way is simply taken again. */
static enum vm_fault_result cluster_pages(struct vm_map *map, struct vm_area *area, uint32_t va)
{
    struct vm_object *object = area->object;
    uint64_t start, end;
    enum vm_fault_result result = VM_FAULT_RESUME;

    object->pager->cluster(object, object_offset(area, va), &start, &end);
    if (end - start <= PAGE_SIZE) {
        return result;
    }
    while (area->prev != NULL && area->prev->object == object) {
        area = area->prev;
    }
    for (; area != NULL && area->object == object && result == VM_FAULT_RESUME; area = area->next) {
        result = cluster_in_area(map, area, start, end, va);
    }
    return result;
}

/* Fault-around: neighbours that are in the file's cache already, mapped for reading. Nothing is
 * brought in, no memory is needed (the table exists), no fault is counted. */
static void around_pages(struct vm_map *map, const struct vm_area *area, uint32_t va)
{
    const struct vm_pager *pager = area->object->pager;
    uint32_t start = va & ~(AROUND_PAGES * PAGE_SIZE - 1u);
    uint32_t end = start + AROUND_PAGES * PAGE_SIZE;

    start = start > area->start ? start : area->start;
    end = end < area->end ? end : area->end;
    for (uint32_t at = start; at < end; at += PAGE_SIZE) {
        struct pmap_entry entry;
        struct vm_page page;
        if (pmap_lookup(&map->pmap, vaddr(at), &entry) ||
            !pager->get_cached(area->object, object_offset(area, at), &page)) {
            continue;
        }
        enter_new(map, &map->accounts[area->account], vaddr(at), &entry, page.pfn,
                  enter_prot(area, area->flags & VM_SHARED));
    }
}

static noinline_fn enum vm_fault_result backed_page(struct vm_map *map, struct vm_area *area,
                                                    struct vm_fault *fault)
{
    struct pmap_entry absent;
    const struct vm_pager *pager = area->object->pager;
    uint32_t va = page_floor(fault->va.raw);
    bool is_write = fault->access == VM_WRITE;
    struct vm_page page;
    enum vm_fault_result result = VM_FAULT_RESUME;

    if (pager->cluster != NULL) {
        struct vm_fault kept = *fault; /* it may lie where others, who run meanwhile, put theirs */
        result = cluster_pages(map, area, va);
        *fault = kept;
    }
    if (result == VM_FAULT_RESUME) {
        /* Looked up here: the cluster may have made the table. */
        bool is_present = pmap_lookup(&map->pmap, vaddr(va), &absent);
        debug_assert(!is_present);
        (void)is_present;
        result = object_page(map, area, va, &absent, is_write, &page);
    }
    if (unlikely(vm_fault_is_out_of_memory(result))) {
        return no_memory(fault, result);
    }
    if (result != VM_FAULT_RESUME) {
        fault->pfn = PFN_NONE;
        return finish(fault, result, VM_CAUSE_IO);
    }
    fault->pfn = page.pfn;
    fault->bytes_lost = page.bytes_lost;
    if (!is_write && (area->flags & VM_AROUND)) {
        around_pages(map, area, va);
    }
    return finish(fault, VM_FAULT_RESUME, page.cause);
}

/* ---- The whole path --------------------------------------------------------------------------- */

/* One page of an area, access allowed: the part that populate shares with faults. */
static hot_inline_fn enum vm_fault_result get_page(struct vm_map *map, struct vm_area *area,
                                                   struct fl_account *account,
                                                   struct vm_fault *fault)
{
    struct pmap_entry entry;

    if (unlikely(pmap_lookup(&map->pmap, fault->va, &entry))) {
        return resident_page(map, area, fault, &entry);
    }
    if (likely(area->object == NULL)) {
        return anonymous_page(map, area, account, fault, &entry);
    }
    return backed_page(map, area, fault);
}

static cold_fn enum vm_fault_result refuse_missing(struct vm_map *map, struct vm_fault *fault)
{
    fault->cause = missing_cause(map, fault->va.raw);
    fault->account = NO_ACCOUNT;
    fault->pfn = PFN_NONE;
    fault->bytes_lost = 0;
    map->unplaced[fault->cause]++;
    return VM_FAULT_NO_MAPPING;
}

/* Nobody else's memory would help: the limit is a rule, frames may be free. */
static cold_fn enum vm_fault_result refuse_growth(struct vm_map *map, const struct vm_area *area,
                                                  struct vm_fault *fault)
{
    fault->account = area->account;
    fault->pfn = PFN_NONE;
    fault->bytes_lost = 0;
    map->accounts[area->account].faults[VM_CAUSE_COMMIT_LIMIT]++;
    return finish(fault, VM_FAULT_NO_PROMISE, VM_CAUSE_COMMIT_LIMIT);
}

/* The access is to an area, or to where the stack's area grows: check, get page, enter, count. */
static hot_inline_fn enum vm_fault_result fault_in_area(struct vm_map *map, struct vm_area *area,
                                                        struct vm_fault *fault, bool is_stack)
{
    struct fl_account *account = &map->accounts[area->account];
    uint8_t refused = refusal(area, fault->access);

    fault->account = area->account;
    fault->bytes_lost = 0;
    if (unlikely(refused != VM_CAUSE_COUNT)) {
        account->faults[refused]++;
        fault->pfn = PFN_NONE;
        return finish(fault, VM_FAULT_BAD_ACCESS, refused);
    }
    enum vm_fault_result result = get_page(map, area, account, fault);

    if (is_stack && result == VM_FAULT_RESUME) {
        vm_map_extend_down(map, area, page_floor(fault->va.raw));
        fault->cause = VM_CAUSE_STACK_GROW;
    }
    if (likely(result < VM_FAULT_NO_FRAME)) {
        account->faults[fault->cause]++;
    }
    return result;
}

/* No area: the stack grows, or the access is refused. */
static noinline_fn enum vm_fault_result fault_outside(struct vm_map *map, struct vm_fault *fault)
{
    struct vm_area *area = fault->va.raw < USER_END ? stack_above(map, fault->va.raw) : NULL;

    if (area == NULL) {
        return refuse_missing(map, fault);
    }
    if (commit_check((area->start - page_floor(fault->va.raw)) >> PAGE_SHIFT) != 0) {
        return refuse_growth(map, area, fault);
    }
    return fault_in_area(map, area, fault, true);
}

enum vm_fault_result vm_fault(struct vm_map *map, struct vm_fault *fault)
{
    /* Areas end at USER_END: a kernel address is in none. */
    struct vm_area *area = vm_map_lookup(map, fault->va.raw);

    return likely(area != NULL) ? fault_in_area(map, area, fault, false)
                                : fault_outside(map, fault);
}

void vm_fault_give_up(struct vm_map *map, const struct vm_fault *fault)
{
    map->unplaced[fault->cause]++;
}

/* ---- Populate --------------------------------------------------------------------------------- */

/* Makes one page ready for the access if it is not. */
static inline int populate_page(struct vm_map *map, struct vm_area *area, struct vm_fault *fault)
{
    enum vm_fault_result result = VM_FAULT_RESUME;
    struct pmap_entry entry;

    if (!pmap_lookup(&map->pmap, fault->va, &entry)) {
        result = area->object != NULL
                     ? backed_page(map, area, fault)
                     : anonymous_page(map, area, &map->accounts[area->account], fault, &entry);
    } else if (!(entry.prot & (fault->access == VM_WRITE ? PMAP_WRITE : PMAP_READ))) {
        /* A page held without access (PROT_NONE, and back) is not ready. */
        result = resident_page(map, area, fault, &entry);
    }
    if (likely(result == VM_FAULT_RESUME)) {
        return 0;
    }
    if (result == VM_FAULT_KILLED) {
        return -EINTR;
    }
    return vm_fault_is_out_of_memory(result) ? -ENOMEM : -EFAULT;
}

/* Zeros for n absent pages of one page table, at most a batch of them, in private memory without an
 * object. -ENOMEM if it was not enough for all; what came stays. */
static noinline_fn int populate_zeros(struct vm_map *map, const struct vm_area *area, vaddr_t va,
                                      uint32_t n)
{
    struct pmap_batch batch;
    int err = pmap_reserve(&map->pmap, va);

    if (err != 0) {
        return err;
    }
    batch.count = frame_take_list(FRAME_USER, batch.pfn, n);
    for (uint32_t i = 0; i < batch.count; i++) {
        pmap_zero_page(batch.pfn[i]);
    }
    pmap_enter_batch(&map->pmap, va, &batch, area->prot);
    charge_pages(map, &map->accounts[area->account], batch.count);
    if (unlikely(batch.count < n)) {
        pmap_trim(&map->pmap, va);
        return -ENOMEM;
    }
    return 0;
}

/* The front of range, which lies in the area: *done pages of it. */
static inline int populate_front(struct vm_map *map, struct vm_area *area, struct vrange range,
                                 uint32_t access, uint32_t *done)
{
    if (area->object == NULL && wants_own_zeros(area, access)) {
        uint32_t n = pmap_count_absent(&map->pmap, range);

        if (n > 0) {
            *done = n < PMAP_BATCH ? n : PMAP_BATCH;
            return populate_zeros(map, area, range.start, *done);
        }
    }
    struct vm_fault fault = {.va = range.start, .access = (uint8_t)access};

    *done = 1;
    return populate_page(map, area, &fault);
}

int vm_map_populate(struct vm_map *map, struct vrange range, bool write)
{
    uint32_t access = write ? VM_WRITE : VM_READ, done, pages = 0;
    struct vm_area *area = NULL;

    for (uint32_t va = range.start.raw; va < range.end.raw; va += done << PAGE_SHIFT) {
        if (area == NULL || va >= area->end) {
            area = vm_map_lookup(map, va);
            if (area == NULL || refusal(area, access) != VM_CAUSE_COUNT) {
                return -EFAULT;
            }
        }
        uint32_t end = area->end < range.end.raw ? area->end : range.end.raw;
        int err = populate_front(map, area, vrange(va, end), access, &done);

        if (unlikely(err != 0)) {
            return err;
        }
        pages += done;
        if (pages >= PREEMPT_STEPS) {
            pages = 0;
            if (vm_map_preempt(map)) {
                return -EINTR;
            }
        }
    }
    return 0;
}

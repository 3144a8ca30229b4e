/*
 * The fault path. What a fault does depends on what the page table holds for its page and on the
 * access; each case is a function below.
 *
 *              read or execute                       write
 *   absent     absent_anonymous: shared zero page    absent_anonymous: a frame of zeros
 *              absent_object: the object's page      absent_object: the object's page or a copy
 *   zero page  grant_rights: all but write           replace_page: a frame of zeros
 *   own        grant_rights: the area's rights       grant_rights: the area's rights
 *   shared     grant_rights: all but write           replace_page: a copy
 *
 * A page is *own* if the map may write it as it is: every page of a shared area, and in a private
 * area a frame that belongs to it alone (owner USER, one reference). It is *shared* if fork or a
 * page cache references the frame too. A page that is present with the rights it needs faults only
 * because the CPU knew an old entry; granting the same rights again drops that.
 *
 * vm_fault looks up the area, growing the stack if the address is just below it, checks that the
 * area allows the access, takes the case, and counts the fault by its cause. The page enters its
 * table last: if memory runs out, everything acquired is released and the map is unchanged. Rights
 * are granted here and nowhere else; mprotect only removes them.
 *
 * A pager's get_page may sleep, and because it runs without the map's lock, the map may change in
 * every way meanwhile. So after a sleep
 * fetch_page looks area and page-table slot up again. Where another page belongs there by now, or
 * one has come in, it drops the page and the fault begins anew (VM_FAULT_AGAIN). A fault that did
 * not sleep never looks up twice. Nothing else here sleeps; the preemption points of a cluster keep
 * the map busy (mm/vm_map.h).
 */
#include "mm/vm_fault.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/pmap.h"
#include "lib/assert.h"
#include "lib/minmax.h"
#include "mm/commit_charge.h"
#include "mm/map/vm_map_impl.h"
#include "mm/phys/frame.h"
#include "mm/vm_fault_impl.h"
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

/* ---- Look up --------------------------------------------------------------------------------- */

/* Returns the area above va if it may grow down to the page of va, else NULL. It may have
 * VM_STACK_MAX bytes, and VM_STACK_GUARD bytes below it stay free. It grows only when the page is
 * there, so that a fault without memory leaves it unchanged. */
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

/* ---- Results --------------------------------------------------------------------------------- */

static enum vm_fault_result finish(struct vm_fault *fault, enum vm_fault_result result,
                                   uint8_t cause)
{
    fault->cause = cause;
    return result;
}

static cold_fn enum vm_fault_result no_memory(struct vm_fault *fault, enum vm_fault_result result)
{
    fault->pfn = PFN_NONE;
    return finish(fault, result, VM_CAUSE_OUT_OF_MEMORY);
}

/* ---- Rights ---------------------------------------------------------------------------------- */

/* The rights to enter a page with: write only if this map may write the frame as it is. A page of
 * an area with write alone then stays readable, which write implies: without any right it would
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

/* Returns a private copy of a frame, or PFN_NONE without memory. The caller keeps its reference to
 * the old frame. */
static pfn_t copy_frame(pfn_t from)
{
    pfn_t copy = frame_alloc(FRAME_USER, 0);

    if (copy != PFN_NONE) {
        pmap_copy_page(copy, from);
    }
    return copy;
}

static uint64_t object_offset(const struct vm_area *area, uint32_t va)
{
    return area->offset + (va - area->start);
}

/* True if the object is told before one of its pages can be written through the area. */
static bool tracks_writes(const struct vm_area *area)
{
    return (area->flags & VM_SHARED) && area->object != NULL &&
           area->object->pager->keep_written != NULL;
}

/* ---- Resident pages: zero page, own, shared -------------------------------------------------- */

/* Enters a present page again with the rights that it may have. */
static hot_inline_fn enum vm_fault_result
grant_rights(struct vm_map *map, const struct vm_area *area, struct vm_fault *fault,
             const struct pmap_entry *entry, bool may_write)
{
    int err = pmap_enter(&map->pmap, vaddr(page_floor(fault->va.raw)), entry->pfn,
                         enter_prot(area, may_write));

    assert(err == 0); /* the table exists: an entry is replaced */
    fault->pfn = entry->pfn;
    /* The last owner of what fork shared takes it over without a copy. */
    bool taken_over = fault->access == VM_WRITE && (entry->prot & PMAP_COW);

    return finish(fault, VM_FAULT_RESUME, taken_over ? VM_CAUSE_COPY_ON_WRITE : VM_CAUSE_RESIDENT);
}

/* Replaces the zero page or a shared page by a frame that may be written. */
static enum vm_fault_result replace_page(struct vm_map *map, const struct vm_area *area,
                                         struct vm_fault *fault, pfn_t old)
{
    bool was_zero = old == frame_zero_page;
    pfn_t pfn = was_zero ? frame_alloc(FRAME_USER, FRAME_ZEROED) : copy_frame(old);

    if (pfn == PFN_NONE) {
        return no_memory(fault, vm_fault_of_refusal(0));
    }
    int err = pmap_enter(&map->pmap, vaddr(page_floor(fault->va.raw)), pfn, area->prot);

    assert(err == 0); /* the table exists: an entry is replaced */
    frame_unref(old);
    fault->pfn = pfn;
    if (!was_zero) {
        return finish(fault, VM_FAULT_RESUME, VM_CAUSE_COPY_ON_WRITE);
    }
    vm_fault_count_pages(map, &map->accounts[area->account], 1);
    return finish(fault, VM_FAULT_RESUME, VM_CAUSE_DEMAND_ZERO);
}

/* A page of a file that maps share: the file keeps what is written. */
static cold_fn enum vm_fault_result resident_tracked(struct vm_map *map, const struct vm_area *area,
                                                     struct vm_fault *fault,
                                                     const struct pmap_entry *entry)
{
    struct vm_object *object = area->object;
    bool is_write = fault->access == VM_WRITE;
    enum vm_fault_result result =
        is_write ? object->pager->keep_written(object, object_offset(area, fault->va.raw))
                 : VM_FAULT_RESUME;

    return result == VM_FAULT_RESUME ? grant_rights(map, area, fault, entry, is_write)
                                     : no_memory(fault, result);
}

noinline_fn enum vm_fault_result vm_fault_resident(struct vm_map *map, const struct vm_area *area,
                                                   struct vm_fault *fault,
                                                   const struct pmap_entry *entry)
{
    bool may_write = (area->flags & VM_SHARED) || is_own_frame(entry->pfn);

    if (unlikely(tracks_writes(area))) {
        return resident_tracked(map, area, fault, entry);
    }
    if (fault->access == VM_WRITE && !may_write) {
        return replace_page(map, area, fault, entry->pfn);
    }
    return grant_rights(map, area, fault, entry, may_write);
}

/* ---- Absent pages ---------------------------------------------------------------------------- */

/* Enters a page where `absent` says there is none; drops the caller's reference if that fails. */
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

/* Does the same and counts the page: any but the shared zero page. */
static inline enum vm_fault_result enter_counted(struct vm_map *map, struct fl_account *account,
                                                 vaddr_t va, const struct pmap_entry *absent,
                                                 pfn_t pfn, uint32_t prot)
{
    enum vm_fault_result result = enter_page(map, va, absent, pfn, prot);

    if (likely(result == VM_FAULT_RESUME)) {
        vm_fault_count_pages(map, account, 1);
    }
    return result;
}

/* Private memory without an object: zeros. Nearly all faults come here. */
static hot_inline_fn enum vm_fault_result
absent_anonymous(struct vm_map *map, const struct vm_area *area, struct fl_account *account,
                 struct vm_fault *fault, const struct pmap_entry *absent)
{
    enum vm_fault_result result;

    if (vm_fault_wants_frame(area, fault->access)) {
        fault->pfn = frame_alloc(FRAME_USER, FRAME_ZEROED);
        if (unlikely(fault->pfn == PFN_NONE)) {
            return no_memory(fault, vm_fault_of_refusal(0));
        }
        result = enter_counted(map, account, fault->va, absent, fault->pfn, area->prot);
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

/* ---- Absent pages of objects ----------------------------------------------------------------- */

/* Where a page of an object is to enter. Area and slot point into the map: they hold until a pager
 * sleeps. */
struct place {
    struct vm_area *area;
    uint32_t va;              /* page aligned                                        */
    uint8_t access;           /* VM_READ or another; 0: a page that nobody asked for */
    uint8_t account;          /* the area's                                          */
    struct pmap_entry absent; /* what pmap_lookup left for va                        */
};

/* The page that was wanted there, and the version of the map at that time. */
struct wanted {
    struct vm_object *object;
    uint64_t offset;
    uint32_t version;
};

/* Looks area and slot up again after a sleep. False if the page that was wanted does not belong
 * there any more, the access is not allowed any more, or a page has come in meanwhile. */
static bool find_place_again(struct vm_map *map, struct place *place, const struct wanted *wanted)
{
    if (map->version != wanted->version) {
        struct vm_area *area = vm_map_lookup(map, place->va);

        if (area == NULL || area->object != wanted->object ||
            object_offset(area, place->va) != wanted->offset || area->account != place->account) {
            return false;
        }
        if (place->access != 0 && vm_fault_refusal(area, place->access) != VM_CAUSE_COUNT) {
            return false;
        }
        place->area = area;
    }
    return !pmap_lookup(&map->pmap, vaddr(place->va), &place->absent);
}

/* The pager slept, and returned `result`: keeps the page if it is still wanted, or drops it. */
static cold_fn enum vm_fault_result after_sleep(struct vm_map *map, struct place *place,
                                                const struct wanted *wanted,
                                                const struct vm_page *page,
                                                enum vm_fault_result result)
{
    if (result != VM_FAULT_KILLED && !find_place_again(map, place, wanted)) {
        if (result == VM_FAULT_RESUME) {
            frame_unref(page->pfn);
        }
        result = VM_FAULT_AGAIN;
    }
    vm_object_unref(wanted->object); /* last: dropping the page may need it */
    return result;
}

/* Gets the page from the pager, with a reference. VM_FAULT_AGAIN: the pager slept, and the page
 * does not belong to *place any more. */
static inline enum vm_fault_result fetch_page(struct vm_map *map, struct place *place,
                                              struct vm_page *page)
{
    struct vm_object *object = place->area->object;
    const struct wanted wanted = {
        .object = object,
        .offset = object_offset(place->area, place->va),
        .version = map->version,
    };

    page->slept = false;
    lock_release(&map->lock); /* the pager may sleep */
    enum vm_fault_result result = object->pager->get_page(object, wanted.offset, page);

    lock_acquire(&map->lock);

    return unlikely(page->slept) ? after_sleep(map, place, &wanted, page, result) : result;
}

/* The object's page is to be written through a shared area, or not. Drops its reference if the object
 * cannot keep it. */
static cold_fn enum vm_fault_result keep_if_written(const struct place *place,
                                                    const struct vm_page *page, bool *may_write)
{
    struct vm_object *object = place->area->object;
    enum vm_fault_result result = VM_FAULT_RESUME;

    *may_write = place->access == VM_WRITE;
    if (*may_write) {
        result = object->pager->keep_written(object, object_offset(place->area, place->va));
    }
    if (result != VM_FAULT_RESUME) {
        frame_unref(page->pfn);
    }
    return result;
}

/* Brings the object's page to its place. */
static enum vm_fault_result object_page(struct vm_map *map, struct place *place,
                                        struct vm_page *page)
{
    enum vm_fault_result result = fetch_page(map, place, page);

    if (result != VM_FAULT_RESUME) {
        return result;
    }
    const struct vm_area *area = place->area;
    struct fl_account *account = &map->accounts[area->account];
    bool may_write = !page->is_cached || (area->flags & VM_SHARED);

    if (unlikely(tracks_writes(area))) {
        result = keep_if_written(place, page, &may_write);
        if (result != VM_FAULT_RESUME) {
            return result;
        }
    } else if (place->access == VM_WRITE && !may_write) {
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
    result = enter_counted(map, account, vaddr(place->va), &place->absent, page->pfn,
                           enter_prot(area, may_write));
    if (result == VM_FAULT_RESUME) {
        account->bytes_lost += page->bytes_lost;
    }
    return result;
}

/* Brings in the absent pages of one area that lie in [start, end) of its object, but not the one at
 * `but`. */
static enum vm_fault_result cluster_in_area(struct vm_map *map, struct vm_area *area,
                                            uint64_t start, uint64_t end, uint32_t but)
{
    uint64_t area_end = area->offset + (area->end - area->start);
    uint64_t from = max_u64(start, area->offset), to = min_u64(end, area_end);
    uint32_t steps = 0, version = map->version;

    for (uint64_t at = from; at < to; at += PAGE_SIZE) {
        struct place place = {
            .area = area,
            .va = area->start + (uint32_t)(at - area->offset),
            .account = area->account,
        };
        struct vm_page page;

        if (place.va == but || pmap_lookup(&map->pmap, vaddr(place.va), &place.absent)) {
            continue;
        }
        enum vm_fault_result result = object_page(map, &place, &page);

        if (result == VM_FAULT_RESUME && map->version != version) {
            result = VM_FAULT_AGAIN; /* the page is in, but where is the area? */
        }
        if (result != VM_FAULT_RESUME) {
            return result;
        }
        if (vm_map_preempt_step(map, &steps)) {
            return VM_FAULT_KILLED;
        }
    }
    return VM_FAULT_RESUME;
}

/* Brings in what comes along with the faulting page (the loader's segment policy). The cluster may
 * extend over several areas of the object. The faulting page itself comes last, so that a fault
 * which ran out of memory or slept half-way simply begins anew: it skips the pages that
 * are there. */
static enum vm_fault_result cluster_pages(struct vm_map *map, struct vm_area *area, uint32_t va)
{
    struct vm_object *object = area->object;
    uint64_t start, end;

    object->pager->cluster(object, object_offset(area, va), &start, &end);
    if (end - start <= PAGE_SIZE) {
        return VM_FAULT_RESUME;
    }
    while (area->prev != NULL && area->prev->object == object) {
        area = area->prev;
    }
    while (area != NULL && area->object == object) {
        enum vm_fault_result result = cluster_in_area(map, area, start, end, va);

        if (result != VM_FAULT_RESUME) {
            return result; /* the area may be gone */
        }
        area = area->next;
    }
    return VM_FAULT_RESUME;
}

/* Fault-around: maps neighbours that are in the file's cache already, for reading. No page is
 * brought in, no memory is needed (the table exists), and no fault is counted. */
static void around_pages(struct vm_map *map, const struct vm_area *area, uint32_t va)
{
    const struct vm_pager *pager = area->object->pager;
    uint32_t window = va & ~(AROUND_PAGES * PAGE_SIZE - 1u);
    uint32_t start = max_u32(window, area->start);
    uint32_t end = min_u32(window + AROUND_PAGES * PAGE_SIZE, area->end);

    bool may_write = (area->flags & VM_SHARED) && !tracks_writes(area);

    for (uint32_t at = start; at < end; at += PAGE_SIZE) {
        struct pmap_entry entry;
        struct vm_page page;
        if (pmap_lookup(&map->pmap, vaddr(at), &entry) ||
            !pager->get_cached(area->object, object_offset(area, at), &page)) {
            continue;
        }
        enter_counted(map, &map->accounts[area->account], vaddr(at), &entry, page.pfn,
                      enter_prot(area, may_write));
    }
}

/* Memory with an object. */
static noinline_fn enum vm_fault_result absent_object(struct vm_map *map, struct vm_area *area,
                                                      struct vm_fault *fault)
{
    const vaddr_t va = fault->va;
    struct place place = {
        .area = area,
        .va = page_floor(va.raw),
        .access = fault->access,
        .account = area->account,
    };
    struct vm_page page;
    enum vm_fault_result result = VM_FAULT_RESUME;

    if (area->object->pager->cluster != NULL) {
        result = cluster_pages(map, area, place.va);
    }
    if (result == VM_FAULT_RESUME) {
        /* Looked up here, because the cluster may have made the table. */
        bool is_present = pmap_lookup(&map->pmap, vaddr(place.va), &place.absent);
        debug_assert(!is_present);
        (void)is_present;
        result = object_page(map, &place, &page);
    }
    /* Those who ran meanwhile may have used the note that the fault lies in. */
    fault->va = va;
    fault->access = place.access;
    fault->account = place.account;
    if (unlikely(vm_fault_is_out_of_memory(result))) {
        return no_memory(fault, result);
    }
    if (result != VM_FAULT_RESUME) {
        fault->pfn = PFN_NONE;
        return finish(fault, result, VM_CAUSE_IO);
    }
    fault->pfn = page.pfn;
    fault->bytes_lost = page.bytes_lost;
    if (fault->access != VM_WRITE && (place.area->flags & VM_AROUND)) {
        around_pages(map, place.area, place.va);
    }
    return finish(fault, VM_FAULT_RESUME, page.cause);
}

enum vm_fault_result vm_fault_absent(struct vm_map *map, struct vm_area *area,
                                     struct vm_fault *fault, const struct pmap_entry *absent)
{
    if (area->object != NULL) {
        return absent_object(map, area, fault);
    }
    return absent_anonymous(map, area, &map->accounts[area->account], fault, absent);
}

/* ---- The whole path -------------------------------------------------------------------------- */

/* One page of an area that allows the access: finds the row of the table above. */
static hot_inline_fn enum vm_fault_result get_page(struct vm_map *map, struct vm_area *area,
                                                   struct fl_account *account,
                                                   struct vm_fault *fault)
{
    struct pmap_entry entry;

    if (unlikely(pmap_lookup(&map->pmap, fault->va, &entry))) {
        return vm_fault_resident(map, area, fault, &entry);
    }
    if (likely(area->object == NULL)) {
        return absent_anonymous(map, area, account, fault, &entry);
    }
    return absent_object(map, area, fault);
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

/* The limit is a rule, frames may be free: memory that others free would not help. */
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
    uint8_t refused = vm_fault_refusal(area, fault->access);

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
    enum vm_fault_result result;

    lock_acquire(&map->lock);
    do {
        /* Areas end at USER_END: a kernel address is in none. */
        struct vm_area *area = vm_map_lookup(map, fault->va.raw);

        result = likely(area != NULL) ? fault_in_area(map, area, fault, false)
                                      : fault_outside(map, fault);
    } while (unlikely(result == VM_FAULT_AGAIN));
    lock_release(&map->lock);
    return result;
}

void vm_fault_give_up(struct vm_map *map, const struct vm_fault *fault)
{
    map->unplaced[fault->cause]++;
}

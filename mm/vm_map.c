/*
 * Maps: ordered areas over a pmap.
 *
 * Every change follows one pattern: check, take what may be needed (records, tables), then act
 * without failing. Areas that could be one are kept as one: a private anonymous area continues its
 * neighbour when rights, flags and account agree, an area of an object when the offsets continue
 * too; VM_NO_MERGE forbids it.
 *
 * Area records come from a cache of the map's own, whose reserve holds the FL_AREA_MAX records of
 * the teaching interface from creation to end (contract V4): using them moves no frame.
 */
#include "mm/vm_map.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/commit_charge.h"
#include "mm/phys/frame.h"
#include "mm/vm_map_impl.h"
#include "mm/vm_object.h"

/* ---- The tree --------------------------------------------------------------------------------- */

static inline void area_update(struct vm_area *area);
#define RB_AUGMENT(area) area_update(area)
#include "lib/tree.h"

RB_HEAD(area_tree, vm_area);

static inline struct area_tree *tree_of(struct vm_map *map)
{
    return (struct area_tree *)(void *)&map->tree;
}

static inline void area_update(struct vm_area *area)
{
    const struct vm_area *left = area->link.rbe_left, *right = area->link.rbe_right;
    uint32_t largest = area->hole;

    if (left != NULL && left->largest_hole > largest) {
        largest = left->largest_hole;
    }
    if (right != NULL && right->largest_hole > largest) {
        largest = right->largest_hole;
    }
    area->largest_hole = largest;
}

static inline int area_compare(const struct vm_area *a, const struct vm_area *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_STATIC(area_tree, vm_area, link, area_compare)

/* Hooks an area in beside its neighbours: in an ordered tree one of the two has the free place
 * between them. Nothing is searched. */
static void tree_insert_between(struct vm_map *map, struct vm_area *area, struct vm_area *prev,
                                struct vm_area *next)
{
    struct vm_area *parent = NULL, **place = &map->tree.rbh_root;

    if (next != NULL && next->link.rbe_left == NULL) {
        parent = next;
        place = &next->link.rbe_left;
    } else if (prev != NULL) {
        parent = prev;
        place = &prev->link.rbe_right;
    }
    RB_SET(area, parent, link);
    *place = area;
    area_tree_RB_INSERT_COLOR(tree_of(map), area);
}

/* The sums above a node follow from it; where one does not change, nothing above does. */
static void sums_update_above(struct vm_area *area)
{
    while ((area = area->link.rbe_parent) != NULL) {
        uint32_t before = area->largest_hole;
        area_update(area);
        if (area->largest_hole == before) {
            return;
        }
    }
}

/* The stack grows often: as the last area its hole is kept out of the sums (tail_hole). */
static uint32_t hole_in_front(const struct vm_area *area)
{
    if ((area->flags & VM_GROWS_DOWN) && area->next == NULL) {
        return 0;
    }
    return area->start - (area->prev != NULL ? area->prev->end : 0);
}

static noinline_fn void hole_set(struct vm_area *area, uint32_t hole)
{
    uint32_t before = area->largest_hole;

    area->hole = hole;
    area_update(area);
    if (area->largest_hole != before) {
        sums_update_above(area);
    }
}

/* The hole in front of an area follows from its neighbour. */
static inline void hole_update(struct vm_area *area)
{
    uint32_t hole = area != NULL ? hole_in_front(area) : 0;

    if (area != NULL && hole != area->hole) {
        hole_set(area, hole);
    }
}

struct vm_area *vm_map_search_above(struct vm_map *map, uint32_t va)
{
    struct vm_area *area, *best = NULL;

    for (area = map->tree.rbh_root; area != NULL;) {
        if (va < area->end) {
            best = area;
            if (va >= area->start) {
                break;
            }
            area = area->link.rbe_left;
        } else {
            area = area->link.rbe_right;
        }
    }
    if (best != NULL) {
        map->hit = best;
    }
    return best;
}

/* ---- Records ---------------------------------------------------------------------------------- */

static struct vm_area *record_take(struct vm_map *map, uint32_t flags)
{
    if (map->n_areas >= VM_MAP_AREAS_MAX) {
        return NULL;
    }
    if (!(flags & VM_TEACHING)) {
        return kcache_alloc(&map->areas);
    }
    return map->n_teaching < FL_AREA_MAX ? kcache_alloc_reserved(&map->areas) : NULL;
}

static void record_give(struct vm_map *map, struct vm_area *area)
{
    if (area->flags & VM_TEACHING) {
        kcache_free_reserved(&map->areas, area);
    } else {
        kcache_free(&map->areas, area);
    }
}

/* Hooks a filled record in: list, tree, holes, counts. next: the area behind it, or NULL. */
static void area_link(struct vm_map *map, struct vm_area *area, struct vm_area *next)
{
    struct vm_area *prev = next != NULL ? next->prev : map->last;

    area->prev = prev;
    area->next = next;
    *(prev != NULL ? &prev->next : &map->first) = area;
    *(next != NULL ? &next->prev : &map->last) = area;
    /* Without a hole it changes no sum on its way in. */
    area->hole = area->largest_hole = 0;
    tree_insert_between(map, area, prev, next);
    hole_update(area);
    hole_update(next != NULL ? next : prev); /* a stack in front is not the last area any more */
    map->n_areas++;
    map->n_teaching += (area->flags & VM_TEACHING) != 0;
    map->version++;
    map->hit = area;
}

static void area_unlink(struct vm_map *map, struct vm_area *area)
{
    struct vm_area *prev = area->prev, *next = area->next;

    *(prev != NULL ? &prev->next : &map->first) = next;
    *(next != NULL ? &next->prev : &map->last) = prev;
    area_tree_RB_REMOVE(tree_of(map), area);
    /* With two children the macro updates the whole path, else the parent alone. An area without
     * a hole left no trace in the sums. What the area's own links say stays. */
    if (area->hole != 0 && (area->link.rbe_left == NULL || area->link.rbe_right == NULL)) {
        for (struct vm_area *up = area->link.rbe_parent; up != NULL; up = up->link.rbe_parent) {
            area_update(up);
        }
    }
    hole_update(next != NULL ? next : prev); /* a stack may be the last area now */
    map->n_areas--;
    map->n_teaching -= (area->flags & VM_TEACHING) != 0;
    map->version++;
    map->hit = next != NULL ? next : prev;
}

/* The last reference to shared memory gives all its pages back, and lets others run meanwhile. */
static inline void object_unref(struct vm_map *map, struct vm_object *object)
{
    if (object != NULL) {
        map->busy++;
        vm_object_unref(object);
        map->busy--;
    }
}

static void area_free(struct vm_map *map, struct vm_area *area)
{
    area_unlink(map, area);
    object_unref(map, area->object);
    record_give(map, area);
}

/* The one place where sizes change: of the map, and of what was promised. */
static void size_add(struct vm_map *map, const struct vm_area *area, int32_t pages)
{
    map->size_pages += (uint32_t)pages;
    if (map->size_pages > map->size_peak) {
        map->size_peak = map->size_pages;
    }
    if (area->flags & VM_CHARGED) {
        map->charged_pages += (uint32_t)pages;
        commit_add(pages);
    }
}

static void area_set_range(struct vm_map *map, struct vm_area *area, uint32_t start, uint32_t end)
{
    uint32_t before = (area->end - area->start) >> PAGE_SHIFT;

    size_add(map, area, (int32_t)(((end - start) >> PAGE_SHIFT) - before));
    area->offset += (uint64_t)start - area->start;
    area->start = start;
    area->end = end;
    map->version++;
    hole_update(area);
    hole_update(area->next);
}

void vm_map_extend_down(struct vm_map *map, struct vm_area *area, uint32_t start)
{
    area_set_range(map, area, start, area->end);
}

/* Cuts area at `at`; the upper part goes into the record `upper`, which is not from the reserve.
 * Gives the upper part. */
static struct vm_area *area_split(struct vm_map *map, struct vm_area *area, uint32_t at,
                                  struct vm_area *upper)
{
    uint32_t end = area->end;

    assert(upper != NULL); /* whoever cuts has taken it */
    *upper = *area;
    upper->flags &= (uint16_t)~VM_TEACHING;
    upper->offset += at - area->start;
    upper->start = at;
    if (upper->object != NULL) {
        vm_object_ref(upper->object);
    }
    area->end = at;
    upper->end = end;
    area_link(map, upper, area->next);
    return upper;
}

/* May what these values describe, and what begins where `a` ends, be a part of the area `a`? */
static inline bool is_continued_by(const struct vm_area *a, uint32_t flags, uint32_t prot,
                                   uint32_t account, const struct vm_object *object,
                                   uint64_t offset)
{
    return a->flags == flags && a->prot == prot && a->account == account && a->object == object &&
           !(flags & (VM_NO_MERGE | VM_GROWS_DOWN | VM_TEACHING)) &&
           (object == NULL || a->offset + (a->end - a->start) == offset);
}

/* Joins area with its upper neighbour, which begins where it ends, if the two could be one. */
static noinline_fn void merge_adjacent(struct vm_map *map, struct vm_area *area)
{
    struct vm_area *next = area->next;

    if (is_continued_by(area, next->flags, next->prot, next->account, next->object, next->offset)) {
        uint32_t end = next->end;
        area_free(map, next);
        area->end = end;
        hole_update(area->next);
        map->hit = area;
    }
}

/* The same for any area, or NULL. */
static inline void merge_with_next(struct vm_map *map, struct vm_area *area)
{
    if (area != NULL && area->next != NULL && area->next->start == area->end) {
        merge_adjacent(map, area);
    }
}

/* ---- Life ------------------------------------------------------------------------------------- */

static size_t accounts_bytes(uint32_t n)
{
    return n * sizeof(struct fl_account);
}

struct vm_map *vm_map_create(uint32_t n_segments)
{
    struct vm_map *map = kheap_zalloc(sizeof(*map));
    uint32_t n = VM_ACCOUNT_FIRST_SEGMENT + n_segments;

    if (map == NULL) {
        return NULL;
    }
    kcache_init(&map->areas, "vm_area", sizeof(struct vm_area));
    map->n_accounts = n;
    map->accounts = kheap_zalloc(accounts_bytes(n));
    if (map->accounts == NULL) {
        goto no_accounts;
    }
    if (kcache_reserve(&map->areas, FL_AREA_MAX) != 0) {
        goto no_records;
    }
    if (pmap_init(&map->pmap) != 0) {
        goto no_pmap;
    }
    for (uint32_t i = 0; i < n; i++) {
        map->accounts[i].kind = i < VM_ACCOUNT_FIRST_SEGMENT ? i : (uint32_t)FL_ACCOUNT_SEGMENT;
    }
    return map;

no_pmap:
    kcache_unreserve(&map->areas);
no_records:
    kheap_free(map->accounts, accounts_bytes(n));
no_accounts:
    kheap_free(map, sizeof(*map));
    return NULL;
}

/* drop_pages from the first page table of the range on. */
static noinline_fn void drop_pages_of_tables(struct vm_map *map, struct vrange range)
{
    struct pmap_batch batch;
    bool more;

    do {
        more = pmap_remove(&map->pmap, &range, &batch);
        if (batch.count > 0) {
            vm_map_note_rss_peak(map);
            map->rss_pages -= frame_unref_list(batch.pfn, batch.count);
        }
        if (more) {
            (void)vm_map_preempt(map);
        }
    } while (more);
}

/* Unmaps all pages of a range and drops their references; areas stay. */
static inline void drop_pages(struct vm_map *map, struct vrange range)
{
    range.start = pmap_next_table(&map->pmap, range);
    if (range.start.raw < range.end.raw) {
        drop_pages_of_tables(map, range);
    }
}

#define RUN_AREAS_MAX 1024u /* areas looked at between two preemption points */

/* Run by run of areas without holes between them. */
static void drop_all_pages(struct vm_map *map)
{
    uint32_t steps = 0, areas = 0;

    for (const struct vm_area *area = map->first, *last; area != NULL; area = last->next) {
        last = area;
        while (last->next != NULL && last->next->start == last->end && ++areas < RUN_AREAS_MAX) {
            last = last->next;
        }
        drop_pages(map, vrange(area->start, last->end));
        if (unlikely(++steps % PREEMPT_STEPS == 0 || areas >= RUN_AREAS_MAX)) {
            areas = 0;
            (void)vm_map_preempt(map);
        }
    }
}

bool vm_map_is_busy(const struct vm_map *map)
{
    return map->busy != 0;
}

bool vm_map_is_empty(const struct vm_map *map)
{
    return map->first == NULL;
}

/* Leaves the map without areas; the records stay a list. */
static struct vm_area *detach_areas(struct vm_map *map)
{
    struct vm_area *first = map->first;

    map->first = map->last = map->hit = NULL;
    map->tree.rbh_root = NULL;
    map->n_areas = map->n_teaching = map->size_pages = 0;
    map->version++;
    map->no_hole_below.low = map->no_hole_below.from = 0;
    commit_add(-(int32_t)map->charged_pages);
    map->charged_pages = 0;
    return first;
}

void vm_map_clear(struct vm_map *map)
{
    assert(map->busy == 0);
    drop_all_pages(map);
    for (struct vm_area *area = detach_areas(map), *next; area != NULL; area = next) {
        next = area->next;
        object_unref(map, area->object);
        record_give(map, area);
        (void)vm_map_preempt_at(map, map->areas.in_use);
    }
}

void vm_map_destroy(struct vm_map *map)
{
    if (!vm_map_is_empty(map)) {
        vm_map_clear(map);
    }
    /* What is left is the promise of a fork that was given up before the child had an area. */
    commit_add(-(int32_t)map->charged_pages);
    pmap_fini(&map->pmap);
    kcache_unreserve(&map->areas);
    assert(map->areas.slabs == 0 && map->rss_pages == 0);
    kheap_free(map->accounts, accounts_bytes(map->n_accounts));
    kheap_free(map, sizeof(*map));
}

void vm_map_activate(struct vm_map *map)
{
    if (map == NULL) {
        pmap_activate_kernel();
    } else {
        pmap_activate(&map->pmap);
    }
}

/* ---- fork ------------------------------------------------------------------------------------- */

static int share_pages(struct vm_map *child, struct vm_map *parent, const struct vm_area *area)
{
    struct vrange left = vrange(area->start, area->end);
    struct pmap_batch batch;
    int more;

    do {
        more = pmap_share(&child->pmap, &parent->pmap, &left, !(area->flags & VM_SHARED), &batch);
        child->rss_pages += frame_ref_list(batch.pfn, batch.count);
        if (more > 0 && vm_map_preempt(parent)) {
            return -EINTR;
        }
    } while (more > 0);
    return more;
}

static int area_copy(struct vm_map *child, struct vm_map *parent, const struct vm_area *area)
{
    struct vm_area *copy = record_take(child, area->flags);

    if (copy == NULL) {
        return -ENOMEM;
    }
    *copy = *area;
    if (copy->object != NULL) {
        vm_object_ref(copy->object);
    }
    area_link(child, copy, NULL);
    return area->flags & VM_WIPE_ON_FORK ? 0 : share_pages(child, parent, area);
}

/* Takes what the child is not to have from the sizes that it gets as a whole. */
static cold_fn void leave_out(struct vm_map *child, const struct vm_area *area)
{
    uint32_t pages = (area->end - area->start) >> PAGE_SHIFT;

    child->size_pages -= pages;
    if (area->flags & VM_CHARGED) {
        child->charged_pages -= pages;
        commit_add(-(int32_t)pages);
    }
}

struct vm_map *vm_map_fork(struct vm_map *map)
{
    struct vm_map *child = NULL;
    int err = commit_check_copy(map->charged_pages);

    if (err == 0) {
        child = vm_map_create(map->n_accounts - VM_ACCOUNT_FIRST_SEGMENT);
    }
    if (child == NULL) {
        return NULL;
    }
    for (uint32_t i = VM_ACCOUNT_FIRST_SEGMENT; i < map->n_accounts; i++) {
        child->accounts[i].start = map->accounts[i].start;
        child->accounts[i].end = map->accounts[i].end;
        child->accounts[i].prot = map->accounts[i].prot;
    }
    child->charged_pages = map->charged_pages; /* now: others run, and may be promised the rest */
    commit_add((int32_t)child->charged_pages);
    for (const struct vm_area *area = map->first; area != NULL && err == 0; area = area->next) {
        if (unlikely(area->flags & VM_DONT_FORK)) {
            leave_out(child, area);
        } else {
            err = area_copy(child, map, area);
        }
        if (err == 0 && vm_map_preempt_at(map, child->n_areas)) {
            err = -EINTR;
        }
    }
    child->size_pages += map->size_pages;
    child->size_peak = child->size_pages;
    pmap_flush(&map->pmap);
    if (err != 0) {
        vm_map_destroy(child);
        return NULL;
    }
    return child;
}

/* ---- Inserting -------------------------------------------------------------------------------- */

/* May an area with these flags and rights come to need a frame of its own for every page, and is
 * that counted? (Shared anonymous memory is counted by its object.) */
static bool is_promise(uint32_t flags, uint32_t prot)
{
    return (prot & VM_WRITE) && !(flags & VM_SHARED) &&
           (!(flags & VM_NO_RESERVE) || commit_counts_no_reserve());
}

/* The flags of an area made from spec. */
static inline uint32_t flags_of(const struct vm_area_spec *spec)
{
    return spec->flags | (is_promise(spec->flags, spec->prot) ? VM_CHARGED : 0);
}

/* Inserts into a range that is free; next is the area behind it. record: taken before. Merges
 * upward only: the caller knows whether the area in front can be continued. */
static inline void insert_record(struct vm_map *map, const struct vm_area_spec *spec,
                                 uint32_t flags, struct vm_area *record, struct vm_area *next)
{
    record->start = spec->range.start.raw;
    record->end = spec->range.end.raw;
    record->object = spec->object;
    record->offset = spec->offset;
    record->flags = (uint16_t)flags;
    record->prot = (uint8_t)spec->prot;
    record->account = (uint8_t)spec->account;
    if (record->object != NULL) {
        vm_object_ref(record->object);
    }
    area_link(map, record, next);
    size_add(map, record, (int32_t)vrange_pages(spec->range));
    merge_with_next(map, record);
}

/* The common case without a new record: the range continues the area in front of it. */
static inline bool extend_prev(struct vm_map *map, const struct vm_area_spec *spec, uint32_t flags,
                               struct vm_area *prev)
{
    if (prev == NULL || prev->end != spec->range.start.raw ||
        !is_continued_by(prev, flags, spec->prot, spec->account, spec->object, spec->offset)) {
        return false;
    }
    area_set_range(map, prev, prev->start, spec->range.end.raw);
    merge_with_next(map, prev);
    return true;
}

int vm_map_insert(struct vm_map *map, const struct vm_area_spec *spec)
{
    struct vm_area *next = vm_map_lookup_above(map, spec->range.start.raw);
    uint32_t flags = flags_of(spec);

    assert(spec->range.start.raw >= USER_BASE && spec->range.end.raw <= USER_END &&
           spec->range.start.raw < spec->range.end.raw);
    if (next != NULL && next->start < spec->range.end.raw) {
        return -EEXIST;
    }
    if ((flags & VM_CHARGED) && commit_check(vrange_pages(spec->range)) != 0) {
        return -ENOMEM;
    }
    if (extend_prev(map, spec, flags, next != NULL ? next->prev : map->last)) {
        return 0;
    }
    struct vm_area *record = record_take(map, flags);

    if (record == NULL) {
        return -ENOMEM;
    }
    insert_record(map, spec, flags, record, next);
    return 0;
}

/* ---- Removing --------------------------------------------------------------------------------- */

/* Would taking range out cut this area, the first that reaches into it, in two? */
static bool is_split_by(const struct vm_area *area, struct vrange range)
{
    return area != NULL && area->start < range.start.raw && area->end > range.end.raw;
}

/* The stack above a part of it that is unmapped does not grow into the hole: what was there stays
 * away (bad-input M15). The caller updates the hole in front of it. */
static void end_growth(struct vm_area *area)
{
    area->flags &= (uint16_t)~VM_GROWS_DOWN;
}

/* Takes all areas out of range. area: the first one whose end is above the range's start. spare: a
 * record for the upper part if that area is cut in two, else not used. Gives the first area behind
 * the range. */
static hot_inline_fn struct vm_area *clear_range_in_line(struct vm_map *map, struct vrange range,
                                                         struct vm_area *area,
                                                         struct vm_area *spare)
{
    uint32_t start = range.start.raw, end = range.end.raw;

    if (area == NULL || area->start >= end) {
        return area;
    }
    drop_pages(map, range);
    if (start < map->no_hole_below.from) {
        map->no_hole_below.from = start;
    }
    if (area->start < start) {
        if (area->end > end) {
            end_growth(area_split(map, area, end, spare));
        }
        struct vm_area *next = area->next;
        area_set_range(map, area, area->start, start);
        area = next;
    }
    while (area != NULL && area->end <= end) {
        struct vm_area *next = area->next;
        size_add(map, area, -(int32_t)((area->end - area->start) >> PAGE_SHIFT));
        area_free(map, area);
        area = next;
        (void)vm_map_preempt_at(map, map->n_areas);
    }
    if (area != NULL && area->start < end) {
        end_growth(area);
        area_set_range(map, area, end, area->end);
    }
    return area;
}

static struct vm_area *clear_range(struct vm_map *map, struct vrange range, struct vm_area *area,
                                   struct vm_area *spare)
{
    return clear_range_in_line(map, range, area, spare);
}

int vm_map_remove(struct vm_map *map, struct vrange range)
{
    struct vm_area *area = vm_map_lookup_above(map, range.start.raw), *spare = NULL;

    if (is_split_by(area, range) && (spare = record_take(map, 0)) == NULL) {
        return -ENOMEM;
    }
    clear_range_in_line(map, range, area, spare);
    return 0;
}

int vm_map_replace(struct vm_map *map, const struct vm_area_spec *spec)
{
    struct vm_area *area = vm_map_lookup_above(map, spec->range.start.raw), *spare = NULL;
    struct vm_area *record = NULL;
    uint32_t flags = flags_of(spec);

    if ((flags & VM_CHARGED) && commit_check(vrange_pages(spec->range)) != 0) {
        return -ENOMEM;
    }
    record = record_take(map, flags);
    if (record == NULL) {
        return -ENOMEM;
    }
    if (is_split_by(area, spec->range) &&
        (map->n_areas + 2 > VM_MAP_AREAS_MAX || (spare = record_take(map, 0)) == NULL)) {
        record->flags = (uint16_t)flags;
        record_give(map, record);
        return -ENOMEM;
    }
    insert_record(map, spec, flags, record, clear_range(map, spec->range, area, spare));
    merge_with_next(map, record->prev);
    return 0;
}

/* ---- Rights ----------------------------------------------------------------------------------- */

#define PROTECT_STEP (16u << 20) /* bytes between two preemption points */

/* Takes rights away from the pages of a range. */
static void protect_pages(struct vm_map *map, struct vrange range, uint32_t prot)
{
    while (range.end.raw - range.start.raw > PROTECT_STEP) {
        uint32_t next = range.start.raw + PROTECT_STEP;

        pmap_protect(&map->pmap, vrange(range.start.raw, next), prot);
        range.start.raw = next;
        (void)vm_map_preempt(map);
    }
    pmap_protect(&map->pmap, range, prot);
}

/* Takes the records that cutting areas at both edges of range needs. 0, or -ENOMEM with none taken. */
static inline int take_spares(struct vm_map *map, struct vrange range, struct vm_area **spare)
{
    const struct vm_area *first = vm_map_lookup_above(map, range.start.raw);
    const struct vm_area *last = vm_map_lookup_above(map, range.end.raw - 1);
    bool cut_first = first != NULL && first->start < range.start.raw;
    bool cut_last = last != NULL && last->start < range.end.raw && last->end > range.end.raw;

    spare[0] = spare[1] = NULL;
    if (map->n_areas + cut_first + cut_last > VM_MAP_AREAS_MAX) {
        return -ENOMEM;
    }
    if (cut_first && (spare[0] = record_take(map, 0)) == NULL) {
        return -ENOMEM;
    }
    if (cut_last && (spare[1] = record_take(map, 0)) == NULL) {
        if (spare[0] != NULL) {
            kcache_free(&map->areas, spare[0]);
        }
        return -ENOMEM;
    }
    return 0;
}

/* Gives back the records that were not needed. */
static inline void give_spares(struct vm_map *map, struct vm_area **spare)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (spare[i] != NULL) {
            kcache_free(&map->areas, spare[i]);
        }
    }
}

/* Cuts area at the edges of range that lie in it, with records from spare[]. Gives the piece inside. */
static inline struct vm_area *cut_piece(struct vm_map *map, struct vm_area *area,
                                        struct vrange range, struct vm_area **spare)
{
    if (area->start < range.start.raw) {
        area = area_split(map, area, range.start.raw, spare[0]);
        spare[0] = NULL;
    }
    if (area->end > range.end.raw) {
        area_split(map, area, range.end.raw, spare[1]);
        spare[1] = NULL;
    }
    return area;
}

/* Gives area the rights prot within [start, end), cutting it with records from spare[]. Takes what
 * that newly promises from *promised, where it was counted. Gives the piece that was changed. */
static struct vm_area *protect_piece(struct vm_map *map, struct vm_area *area, struct vrange range,
                                     uint32_t prot, struct vm_area **spare, uint32_t *promised)
{
    if (area->prot == prot) {
        return area;
    }
    area = cut_piece(map, area, range, spare);
    if (!(area->flags & VM_CHARGED) && is_promise(area->flags, prot)) {
        area->flags |= VM_CHARGED;
        map->charged_pages += (area->end - area->start) >> PAGE_SHIFT;
        *promised -= (area->end - area->start) >> PAGE_SHIFT;
    }
    area->prot = (uint8_t)prot;
    map->version++;
    protect_pages(map, vrange(area->start, area->end), prot);
    return area;
}

/* Pages of range that rights prot would newly promise. */
static uint32_t new_promises(struct vm_map *map, struct vrange range, uint32_t prot)
{
    uint32_t pages = 0, steps = 0;

    for (const struct vm_area *area = vm_map_lookup_above(map, range.start.raw);
         area != NULL && area->start < range.end.raw; area = area->next) {
        if (!(area->flags & VM_CHARGED) && is_promise(area->flags, prot)) {
            uint32_t start = area->start > range.start.raw ? area->start : range.start.raw;
            uint32_t end = area->end < range.end.raw ? area->end : range.end.raw;
            pages += (end - start) >> PAGE_SHIFT;
        }
        (void)vm_map_preempt_step(map, &steps);
    }
    return pages;
}

/* Walks the areas of range; stops at a hole or a forbidden right. */
static int protect_all(struct vm_map *map, struct vrange range, uint32_t prot,
                       struct vm_area **spare, uint32_t *promised)
{
    uint32_t at = range.start.raw, steps = 0;

    while (at < range.end.raw) {
        struct vm_area *area = vm_map_lookup(map, at);
        if (area == NULL) {
            return -ENOMEM;
        }
        if ((area->flags & VM_MAY_NOT_WRITE) && (prot & VM_WRITE)) {
            return -EACCES;
        }
        uint32_t end = area->end;
        area = protect_piece(map, area, range, prot, spare, promised);
        merge_with_next(map, area->prev);
        at = end;
        (void)vm_map_preempt_step(map, &steps);
    }
    struct vm_area *last = vm_map_lookup(map, range.end.raw - 1);

    merge_with_next(map, last);
    return 0;
}

int vm_map_protect(struct vm_map *map, struct vrange range, uint32_t prot)
{
    struct vm_area *spare[2];
    uint32_t promised = (prot & VM_WRITE) ? new_promises(map, range, prot) : 0;

    if (commit_check(promised) != 0) {
        return -ENOMEM;
    }
    commit_add((int32_t)promised); /* now: others run meanwhile */
    int err = take_spares(map, range, spare);

    if (err == 0) {
        err = protect_all(map, range, prot, spare, &promised);
        give_spares(map, spare);
    }
    commit_add(-(int32_t)promised); /* what was not reached */
    return err;
}

/* ---- Advice about fork ------------------------------------------------------------------------ */

/* Every area of range in turn. -EINVAL where VM_WIPE_ON_FORK makes no sense, -ENOMEM at the end if there
 * were holes. */
static int advise_all(struct vm_map *map, struct vrange range, uint32_t set, uint32_t clear,
                      struct vm_area **spare)
{
    struct vm_area *area = vm_map_lookup_above(map, range.start.raw);
    uint32_t at = range.start.raw;
    bool has_hole = false;

    for (; area != NULL && area->start < range.end.raw; area = vm_map_lookup_above(map, at)) {
        uint32_t flags = (area->flags | set) & ~clear;
        if ((set & VM_WIPE_ON_FORK) && area->object != NULL) {
            return -EINVAL;
        }
        has_hole |= area->start > at;
        at = area->end;
        if (flags != area->flags) {
            area = cut_piece(map, area, range, spare);
            /* Of the piece: its record need not come from the reserve that the whole area's did. */
            area->flags = (uint16_t)((area->flags | set) & ~clear);
            map->version++;
            merge_with_next(map, area);
        }
        merge_with_next(map, area->prev);
    }
    return has_hole || at < range.end.raw ? -ENOMEM : 0;
}

int vm_map_advise_fork(struct vm_map *map, struct vrange range, uint32_t set, uint32_t clear)
{
    struct vm_area *spare[2];

    if (take_spares(map, range, spare) != 0) {
        return -ENOMEM;
    }
    int err = advise_all(map, range, set, clear, spare);

    give_spares(map, spare);
    return err;
}

int vm_map_discard(struct vm_map *map, struct vrange range)
{
    uint32_t covered = 0, steps = 0;

    for (const struct vm_area *area = vm_map_lookup_above(map, range.start.raw);
         area != NULL && area->start < range.end.raw; area = area->next) {
        uint32_t start = area->start > range.start.raw ? area->start : range.start.raw;
        uint32_t end = area->end < range.end.raw ? area->end : range.end.raw;
        drop_pages(map, vrange(start, end));
        covered += end - start;
        (void)vm_map_preempt_step(map, &steps);
    }
    return covered == range.end.raw - range.start.raw ? 0 : -ENOMEM;
}

/* ---- Growing and moving ----------------------------------------------------------------------- */

int vm_map_grow_up(struct vm_map *map, vaddr_t end, vaddr_t new_end)
{
    struct vm_area *area = vm_map_lookup(map, end.raw - 1);

    if (area == NULL || area->end != end.raw) {
        return -EFAULT;
    }
    if (new_end.raw > USER_END || (area->next != NULL && area->next->start < new_end.raw)) {
        return -EEXIST;
    }
    if ((area->flags & VM_CHARGED) && commit_check((new_end.raw - end.raw) >> PAGE_SHIFT) != 0) {
        return -ENOMEM;
    }
    area_set_range(map, area, area->start, new_end.raw);
    merge_with_next(map, area);
    return 0;
}

/* Frees the tables of [start, end) that no entry is in. */
static void trim_tables(struct vm_map *map, uint32_t start, uint32_t end)
{
    uint32_t steps = 0;

    for (uint32_t va = start; va < end; va += PAGE_SIZE) {
        pmap_trim(&map->pmap, vaddr(va));
        (void)vm_map_preempt_step(map, &steps);
    }
}

/* Makes the tables that the pages of `from` will need at `to`. 0, -ENOMEM, -EINTR. */
static int reserve_tables(struct vm_map *map, struct vrange from, uint32_t to)
{
    struct pmap_entry entry;
    vaddr_t va = from.start;
    uint32_t steps = 0;

    while (pmap_next(&map->pmap, &va, from.end, &entry)) {
        uint32_t target = to + (va.raw - from.start.raw);
        int err = pmap_reserve(&map->pmap, vaddr(target));
        if (err == 0 && vm_map_preempt_step(map, &steps)) {
            err = -EINTR;
        }
        if (err != 0) {
            trim_tables(map, to, target + PAGE_SIZE);
            return err;
        }
        va.raw += PAGE_SIZE;
    }
    return 0;
}

static void move_pages(struct vm_map *map, struct vrange from, uint32_t to)
{
    struct pmap_entry entry;
    struct pmap_batch batch;
    vaddr_t va = from.start;
    uint32_t steps = 0;

    while (pmap_next(&map->pmap, &va, from.end, &entry)) {
        struct vrange one = vrange(va.raw, va.raw + PAGE_SIZE);
        int err =
            pmap_enter(&map->pmap, vaddr(to + (va.raw - from.start.raw)), entry.pfn, entry.prot);
        assert(err == 0); /* reserve_tables made room */
        pmap_remove(&map->pmap, &one, &batch);
        va.raw += PAGE_SIZE;
        (void)vm_map_preempt_step(map, &steps);
    }
}

int vm_map_duplicate(struct vm_map *map, vaddr_t from, struct vrange to)
{
    const struct vm_area *area = vm_map_lookup(map, from.raw);

    if (area == NULL) {
        return -EFAULT;
    }
    if (!(area->flags & VM_SHARED)) {
        return -EINVAL;
    }
    const struct vm_area_spec spec = {
        .range = to,
        .prot = area->prot,
        .flags = area->flags,
        .account = area->account,
        .object = area->object, /* the area holds it until the new one does */
        .offset = area->offset + (from.raw - area->start),
    };

    return vm_map_insert(map, &spec);
}

int vm_map_move(struct vm_map *map, struct vrange from, struct vrange to)
{
    struct vm_area *area = vm_map_lookup(map, from.start.raw);
    struct vm_area *spare = NULL;

    assert(vrange_pages(to) >= vrange_pages(from));
    if (area == NULL || from.end.raw > area->end) {
        return -EFAULT;
    }
    struct vm_area_spec spec = {
        .range = to,
        .prot = area->prot,
        .flags = area->flags & ~VM_TEACHING,
        .account = area->account,
        .object = area->object,
        .offset = area->offset + (from.start.raw - area->start),
    };
    struct vm_area *record = NULL;
    uint32_t growth = (area->flags & VM_CHARGED) ? vrange_pages(to) - vrange_pages(from) : 0;

    if (growth > 0 && commit_check(growth) != 0) {
        return -ENOMEM;
    }
    record = record_take(map, spec.flags);
    if (record == NULL) {
        return -ENOMEM;
    }
    commit_add((int32_t)growth); /* now: others run meanwhile */
    if (is_split_by(area, from) &&
        (map->n_areas + 2 > VM_MAP_AREAS_MAX || (spare = record_take(map, 0)) == NULL)) {
        goto no_memory;
    }
    if (reserve_tables(map, from, to.start.raw) != 0) {
        goto no_memory;
    }
    if (spec.object != NULL) {
        vm_object_ref(spec.object); /* the area may go before the new one is there */
    }
    move_pages(map, from, to.start.raw);
    clear_range(map, from, area, spare);
    commit_add(-(int32_t)growth); /* the new area counts itself */
    /* Whether it is counted stays with it: no more than that was checked. */
    insert_record(map, &spec, spec.flags, record, vm_map_lookup_above(map, to.start.raw));
    merge_with_next(map, record->prev);
    vm_object_unref(spec.object);
    return 0;

no_memory:
    commit_add(-(int32_t)growth);
    kcache_free(&map->areas, record);
    if (spare != NULL) {
        kcache_free(&map->areas, spare);
    }
    return -ENOMEM;
}

/* ---- Holes ------------------------------------------------------------------------------------ */

/* The leftmost area of a subtree with a hole of len in front; the subtree has one. */
static struct vm_area *leftmost_hole(struct vm_area *area, uint32_t len)
{
    for (;;) {
        struct vm_area *left = area->link.rbe_left;
        if (left != NULL && left->largest_hole >= len) {
            area = left;
        } else if (area->hole >= len) {
            return area;
        } else {
            area = area->link.rbe_right;
        }
    }
}

/* The next area behind this one with a hole of len in front, or NULL. */
static struct vm_area *next_hole(struct vm_area *area, uint32_t len)
{
    struct vm_area *right = area->link.rbe_right;

    if (right != NULL && right->largest_hole >= len) {
        return leftmost_hole(right, len);
    }
    for (struct vm_area *up = area->link.rbe_parent; up != NULL;
         area = up, up = up->link.rbe_parent) {
        if (up->link.rbe_left != area) {
            continue;
        }
        if (up->hole >= len) {
            return up;
        }
        right = up->link.rbe_right;
        if (right != NULL && right->largest_hole >= len) {
            return leftmost_hole(right, len);
        }
    }
    return NULL;
}

/* The holes that are not in the tree: in front of the stack if that is the last area, and behind all
 * areas. Gives the start of the first one at or above from that may have room. */
static uint32_t tail_hole(const struct vm_map *map, uint32_t from, uint32_t len)
{
    const struct vm_area *last = map->last;

    if (last->flags & VM_GROWS_DOWN) {
        uint32_t start = last->prev != NULL && last->prev->end > from ? last->prev->end : from;
        if (start < last->start && last->start - start >= len) {
            return start;
        }
    }
    return last->end > from ? last->end : from;
}

bool vm_map_find_hole(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high, vaddr_t *start)
{
    uint32_t from = low == map->no_hole_below.low && map->no_hole_below.from > low
                        ? map->no_hole_below.from
                        : low;
    struct vm_area *area = vm_map_lookup_above(map, from);

    /* The hole that `from` lies in counts from there on; those behind it count whole. */
    if (area != NULL && (area->start < from || area->start - from < len)) {
        area = next_hole(area, len);
        from = area != NULL ? area->prev->end : tail_hole(map, from, len);
    }
    if (from >= high || high - from < len) {
        return false;
    }
    if (len == PAGE_SIZE) {
        map->no_hole_below.low = low;
        map->no_hole_below.from = from;
    }
    start->raw = from;
    return true;
}

/* The rightmost area of a subtree with a hole of len in front; the subtree has one. */
static struct vm_area *rightmost_hole(struct vm_area *area, uint32_t len)
{
    for (;;) {
        struct vm_area *right = area->link.rbe_right;
        if (right != NULL && right->largest_hole >= len) {
            area = right;
        } else if (area->hole >= len) {
            return area;
        } else {
            area = area->link.rbe_left;
        }
    }
}

/* The last area in front of this one with a hole of len in front, or NULL. */
static struct vm_area *prev_hole(struct vm_area *area, uint32_t len)
{
    struct vm_area *left = area->link.rbe_left;

    if (left != NULL && left->largest_hole >= len) {
        return rightmost_hole(left, len);
    }
    for (struct vm_area *up = area->link.rbe_parent; up != NULL;
         area = up, up = up->link.rbe_parent) {
        if (up->link.rbe_right != area) {
            continue;
        }
        if (up->hole >= len) {
            return up;
        }
        left = up->link.rbe_left;
        if (left != NULL && left->largest_hole >= len) {
            return rightmost_hole(left, len);
        }
    }
    return NULL;
}

bool vm_map_find_hole_down(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high,
                           vaddr_t *start)
{
    struct vm_area *area = vm_map_lookup_above(map, high - 1u);
    const struct vm_area *below = area != NULL ? area->prev : map->last;
    uint32_t top = area != NULL && area->start < high ? area->start : high;
    uint32_t bottom = below != NULL && below->end > low ? below->end : low;

    /* The hole that `high` lies in or behind counts up to there; those in front of it count whole. */
    if (top < bottom || top - bottom < len) {
        struct vm_area *root = map->tree.rbh_root;
        if (area != NULL) {
            area = prev_hole(area, len);
        } else {
            area = root != NULL && root->largest_hole >= len ? rightmost_hole(root, len) : NULL;
        }
        if (area == NULL) {
            return false;
        }
        top = area->start;
    }
    if (top < len || top - len < low) {
        return false;
    }
    start->raw = top - len;
    return true;
}

bool vm_map_is_free(struct vm_map *map, struct vrange range)
{
    const struct vm_area *area = vm_map_lookup_above(map, range.start.raw);

    return area == NULL || area->start >= range.end.raw;
}

/* ---- Asking ----------------------------------------------------------------------------------- */

static void area_info(const struct vm_area *area, struct vm_area_info *out)
{
    *out = (struct vm_area_info){
        .range = vrange(area->start, area->end),
        .prot = area->prot,
        .flags = area->flags,
        .account = area->account,
        .offset = area->offset,
        .is_anonymous = area->object == NULL,
    };
}

bool vm_map_area_at_or_above(struct vm_map *map, vaddr_t va, struct vm_area_info *out)
{
    const struct vm_area *area = vm_map_lookup_above(map, va.raw);

    if (area == NULL) {
        return false;
    }
    area_info(area, out);
    return true;
}

bool vm_map_area_of(struct vm_map *map, vaddr_t va, struct vm_area_info *out)
{
    const struct vm_area *area = vm_map_lookup(map, va.raw);

    if (area == NULL) {
        return false;
    }
    area_info(area, out);
    return true;
}

void vm_map_area_name(struct vm_map *map, vaddr_t va, char *buf, uint32_t size)
{
    const struct vm_area *area = vm_map_lookup(map, va.raw);
    bool has_name = area != NULL && area->object != NULL && area->object->pager->describe != NULL;

    strlcpy(buf, has_name ? area->object->pager->describe(area->object) : "", size);
}

uint32_t vm_map_resident(struct vm_map *map, struct vrange range)
{
    struct pmap_entry entry;
    vaddr_t va = range.start;
    uint32_t pages = 0;

    while (pmap_next(&map->pmap, &va, range.end, &entry)) {
        pages += entry.pfn != frame_zero_page;
        va.raw += PAGE_SIZE;
    }
    return pages;
}

bool vm_map_is_resident(struct vm_map *map, vaddr_t va)
{
    struct vm_area *area = vm_map_lookup(map, va.raw);
    struct pmap_entry entry;
    struct vm_page page;

    if (pmap_lookup(&map->pmap, va, &entry)) {
        return true;
    }
    if (area == NULL || area->object == NULL || area->object->pager->get_cached == NULL ||
        !area->object->pager->get_cached(area->object, area->offset + (va.raw - area->start),
                                         &page)) {
        return false;
    }
    frame_unref(page.pfn);
    return true;
}

void vm_map_counts(struct vm_map *map, struct vm_map_counts *out)
{
    vm_map_note_rss_peak(map);
    *out = (struct vm_map_counts){
        .areas = map->n_areas,
        .teaching_areas = map->n_teaching,
        .size_pages = map->size_pages,
        .size_peak = map->size_peak,
        .rss_pages = map->rss_pages,
        .rss_peak = map->rss_peak,
        .charged_pages = map->charged_pages,
        .tables = map->pmap.tables,
        .n_accounts = map->n_accounts,
    };
}

void vm_map_count_holder(struct vm_map *map, uint64_t census)
{
    uint64_t turn = vm_object_new_mark();

    for (const struct vm_area *area = map->first; area != NULL; area = area->next) {
        if (area->object != NULL) {
            vm_object_count_holder(area->object, census, turn);
        }
    }
}

void vm_map_holding(struct vm_map *map, struct vm_map_holding *out)
{
    uint64_t turn = vm_object_new_mark();

    *out = (struct vm_map_holding){
        .resident = map->rss_pages,
        .tables = map->pmap.tables + PMAP_USER_DIRS,
        .records = map->areas.slabs + kheap_frames(accounts_bytes(map->n_accounts), 1),
    };
    for (const struct vm_area *area = map->first; area != NULL; area = area->next) {
        if (area->object != NULL) {
            struct vm_object_part part = vm_object_part(area->object, turn);
            out->shared += part.pages;
            out->nodes += part.nodes;
        }
    }
}

struct fl_account *vm_map_account(struct vm_map *map, uint32_t i)
{
    assert(i < map->n_accounts);
    return &map->accounts[i];
}

const uint32_t *vm_map_unplaced_faults(const struct vm_map *map)
{
    return map->unplaced;
}

/* ---- Invariants ------------------------------------------------------------------------------- */

/* Checks a subtree's order and holes; gives its number of areas. */
static uint32_t check_subtree(const struct vm_area *area, uint32_t low, uint32_t high)
{
    if (area == NULL) {
        return 0;
    }
    const struct vm_area *left = area->link.rbe_left, *right = area->link.rbe_right;
    uint32_t largest = area->hole;

    assert(area->start >= low && area->end <= high && area->start < area->end);
    assert(is_page_aligned(area->start) && is_page_aligned(area->end));
    assert(left == NULL || left->link.rbe_parent == area);
    assert(right == NULL || right->link.rbe_parent == area);
    if (left != NULL && left->largest_hole > largest) {
        largest = left->largest_hole;
    }
    if (right != NULL && right->largest_hole > largest) {
        largest = right->largest_hole;
    }
    assert(area->largest_hole == largest);
    return 1 + check_subtree(left, low, area->start) + check_subtree(right, area->end, high);
}

/* The hole [start, end) does not begin where map->no_hole_below says that none does. */
static void check_hint(const struct vm_map *map, uint32_t start, uint32_t end)
{
    uint32_t begin = start > map->no_hole_below.low ? start : map->no_hole_below.low;

    assert(begin >= end || begin >= map->no_hole_below.from);
}

void vm_map_check(struct vm_map *map)
{
    uint32_t areas = 0, teaching = 0, pages = 0, committed = 0, resident = 0, end = 0;
    const struct vm_area *prev = NULL;

    assert(map->busy == 0);
    for (const struct vm_area *area = map->first; area != NULL; prev = area, area = area->next) {
        assert(area->prev == prev && area->hole == hole_in_front(area));
        assert(area->account < map->n_accounts);
        assert(area->start >= end);
        check_hint(map, end, area->start);
        end = area->end;
        areas++;
        teaching += (area->flags & VM_TEACHING) != 0;
        pages += (area->end - area->start) >> PAGE_SHIFT;
        if (area->flags & VM_CHARGED) {
            committed += (area->end - area->start) >> PAGE_SHIFT;
        }
        resident += vm_map_resident(map, vrange(area->start, area->end));
    }
    check_hint(map, end, USER_END);
    assert(map->last == prev && areas == map->n_areas && teaching == map->n_teaching);
    assert(committed == map->charged_pages);
    assert(pages == map->size_pages && resident == map->rss_pages);
    assert(vm_map_resident(map, vrange(USER_BASE, USER_END)) == resident);
    assert(check_subtree(map->tree.rbh_root, USER_BASE, USER_END) == areas);
    assert(map->areas.reserve == FL_AREA_MAX - teaching);
    kcache_check(&map->areas);
}

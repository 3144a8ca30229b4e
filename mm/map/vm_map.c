/*
 * Maps: their life, and inserting and removing areas.
 *
 * Every change follows one pattern: check, allocate what may be needed (records, tables), then act
 * without failing. Areas that could be one are kept as one: a private anonymous area continues its
 * neighbour when rights, flags and account agree, an area of an object when the offsets continue
 * too. VM_NO_MERGE forbids it.
 */
#include "mm/vm_map.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"
#include "mm/commit_charge.h"
#include "mm/map/area.h"
#include "mm/map/vm_map_impl.h"
#include "mm/phys/frame.h"

/* ---- Life -------------------------------------------------------------------------------------- */

struct vm_map *vm_map_create(uint32_t n_segments)
{
    struct vm_map *map = kheap_zalloc(sizeof(*map));
    uint32_t n = VM_ACCOUNT_FIRST_SEGMENT + n_segments;

    if (map == NULL) {
        return NULL;
    }
    lock_init(&map->lock, LOCK_MAP);
    kcache_init(&map->areas, "vm_area", sizeof(struct vm_area));
    map->n_accounts = n;
    map->accounts = kheap_zalloc(vm_map_accounts_bytes(n));
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
    kheap_free(map->accounts, vm_map_accounts_bytes(n));
no_accounts:
    kheap_free(map, sizeof(*map));
    return NULL;
}

noinline_fn void vm_map_drop_pages_slow(struct vm_map *map, struct vrange range)
{
    struct pmap_batch batch;
    bool more;

    lock_assert_held(&map->lock);
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

#define RUN_AREAS_MAX 1024u /* areas looked at between two preemption points */

/* Works on runs of areas without holes between them. */
static void drop_all_pages(struct vm_map *map)
{
    uint32_t steps = 0, areas = 0;

    for (const struct vm_area *area = map->tree.first, *last; area != NULL; area = last->next) {
        last = area;
        while (last->next != NULL && last->next->start == last->end && ++areas < RUN_AREAS_MAX) {
            last = last->next;
        }
        vm_map_drop_pages(map, vrange(area->start, last->end));
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
    return map->tree.first == NULL;
}

/* Leaves the map without areas. Returns their records, which stay a list. */
static struct vm_area *detach_areas(struct vm_map *map)
{
    struct vm_area *first = map->tree.first;

    map->tree = (struct area_tree){NULL, NULL, NULL, NULL};
    map->size_pages = 0;
    map->version++;
    map->no_hole_below.low = map->no_hole_below.from = 0;
    commit_add(-(int32_t)map->charged_pages);
    map->charged_pages = 0;
    return first;
}

void vm_map_clear(struct vm_map *map)
{
    assert(map->busy == 0);
    lock_acquire(&map->lock);
    drop_all_pages(map);
    for (struct vm_area *area = detach_areas(map), *next; area != NULL; area = next) {
        next = area->next;
        area_drop_object(map, area);
        area_free(map, area);
        (void)vm_map_preempt_at(map, map->areas.in_use);
    }
    lock_release(&map->lock);
}

void vm_map_destroy(struct vm_map *map)
{
    if (!vm_map_is_empty(map)) {
        vm_map_clear(map);
    }
    /* What is left is the charge of a fork that failed before the child had an area. */
    commit_add(-(int32_t)map->charged_pages);
    pmap_fini(&map->pmap);
    kcache_unreserve(&map->areas);
    assert(map->areas.slabs == 0 && map->rss_pages == 0);
    kheap_free(map->accounts, vm_map_accounts_bytes(map->n_accounts));
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

/* ---- Inserting --------------------------------------------------------------------------------- */

/* Returns the flags of an area made from spec. */
static inline uint32_t flags_of(const struct vm_area_spec *spec)
{
    return spec->flags | (area_is_chargeable(spec->flags, spec->prot) ? VM_CHARGED : 0);
}

/* Fills a record and adds it in front of `next`, in a free range. */
static inline void add_from_spec(struct vm_map *map, const struct vm_area_spec *spec,
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
    area_add(map, record, next);
}

/* The common case, which needs no record: the range continues the area in front of it. */
static inline bool extend_prev(struct vm_map *map, const struct vm_area_spec *spec, uint32_t flags,
                               struct vm_area *prev)
{
    if (prev == NULL || prev->end != spec->range.start.raw ||
        !area_is_continued_by(prev, flags, spec->prot, spec->account, spec->object, spec->offset)) {
        return false;
    }
    area_set_range(map, prev, prev->start, spec->range.end.raw);
    area_merge_with_next(map, prev);
    return true;
}

int vm_map_insert_locked(struct vm_map *map, const struct vm_area_spec *spec)
{
    lock_assert_held(&map->lock);
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
    if (extend_prev(map, spec, flags, next != NULL ? next->prev : map->tree.last)) {
        return 0;
    }
    struct vm_area *record = area_alloc(map, flags);

    if (record == NULL) {
        return -ENOMEM;
    }
    add_from_spec(map, spec, flags, record, next);
    return 0;
}

int vm_map_insert(struct vm_map *map, const struct vm_area_spec *spec)
{
    lock_acquire(&map->lock);
    int result = vm_map_insert_locked(map, spec);
    lock_release(&map->lock);
    return result;
}

/* ---- Removing ---------------------------------------------------------------------------------- */

/* Removes what area, which begins below range and reaches into it, has there. `spare` is a record for
 * the part above range, if there is one. Returns the first area behind the one that was cut. */
static inline struct vm_area *clear_end(struct vm_map *map, struct vm_area *area,
                                        struct vrange range, struct vm_area *spare)
{
    if (area->end > range.end.raw) {
        area_end_growth(area_split(map, area, range.end.raw, spare));
    }
    struct vm_area *next = area->next;

    area_set_range(map, area, area->start, range.start.raw);
    return next;
}

int vm_map_remove_locked(struct vm_map *map, struct vrange range)
{
    lock_assert_held(&map->lock);
    struct vm_area *area = vm_map_lookup_above(map, range.start.raw), *spare = NULL;
    uint32_t start = range.start.raw, end = range.end.raw;

    if (area == NULL || area->start >= end) {
        return 0;
    }
    if (area_is_split_by(area, range) && (spare = area_alloc(map, 0)) == NULL) {
        return -ENOMEM;
    }
    vm_map_drop_pages(map, range);
    if (start < map->no_hole_below.from) {
        map->no_hole_below.from = start;
    }
    if (area->start < start) {
        area = clear_end(map, area, range, spare);
    }
    while (area != NULL && area->end <= end) {
        struct vm_area *next = area->next;
        area_count_pages(map, area, -(int32_t)area_pages(area));
        area_remove(map, area);
        area = next;
        (void)vm_map_preempt_at(map, map->areas.in_use);
    }
    if (area != NULL && area->start < end) {
        area_end_growth(area);
        area_set_range(map, area, end, area->end);
    }
    return 0;
}

int vm_map_remove(struct vm_map *map, struct vrange range)
{
    lock_acquire(&map->lock);
    int result = vm_map_remove_locked(map, range);
    lock_release(&map->lock);
    return result;
}

static int vm_map_replace_locked(struct vm_map *map, const struct vm_area_spec *spec)
{
    lock_assert_held(&map->lock);
    uint32_t flags = flags_of(spec);

    if ((flags & VM_CHARGED) && commit_check(vrange_pages(spec->range)) != 0) {
        return -ENOMEM;
    }
    struct vm_area *record = area_alloc(map, flags);

    if (record == NULL) {
        return -ENOMEM;
    }
    if (vm_map_remove_locked(map, spec->range) != 0) {
        record->flags = (uint16_t)flags;
        area_free(map, record);
        return -ENOMEM;
    }
    add_from_spec(map, spec, flags, record, vm_map_lookup_above(map, spec->range.start.raw));
    area_merge_with_next(map, record->prev);
    return 0;
}

int vm_map_replace(struct vm_map *map, const struct vm_area_spec *spec)
{
    lock_acquire(&map->lock);
    int result = vm_map_replace_locked(map, spec);
    lock_release(&map->lock);
    return result;
}

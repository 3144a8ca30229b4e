/* What others may ask about a map: areas, resident pages, counters, accounts. */
#include <stddef.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/map/vm_map_impl.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* ---- Areas ------------------------------------------------------------------------------------- */

static bool copy_info(const struct vm_area *area, struct vm_area_info *out)
{
    if (area == NULL) {
        return false;
    }
    *out = (struct vm_area_info){
        .range = vrange(area->start, area->end),
        .prot = area->prot,
        .flags = area->flags,
        .account = area->account,
        .offset = area->offset,
        .is_anonymous = area->object == NULL,
    };
    return true;
}

bool vm_map_area_at_or_above(struct vm_map *map, vaddr_t va, struct vm_area_info *out)
{
    return copy_info(vm_map_lookup_above(map, va.raw), out);
}

bool vm_map_area_of(struct vm_map *map, vaddr_t va, struct vm_area_info *out)
{
    return copy_info(vm_map_lookup(map, va.raw), out);
}

void vm_map_area_name(struct vm_map *map, vaddr_t va, char *buf, uint32_t size)
{
    const struct vm_area *area = vm_map_lookup(map, va.raw);
    bool has_name = area != NULL && area->object != NULL && area->object->pager->describe != NULL;

    strlcpy(buf, has_name ? area->object->pager->describe(area->object) : "", size);
}

/* ---- Pages ------------------------------------------------------------------------------------- */

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

/* ---- Counters ---------------------------------------------------------------------------------- */

uint32_t vm_map_rss_peak(struct vm_map *map)
{
    vm_map_note_rss_peak(map);
    return map->rss_peak;
}

void vm_map_counts(struct vm_map *map, struct vm_map_counts *out)
{
    vm_map_note_rss_peak(map);
    *out = (struct vm_map_counts){
        .areas = map->areas.in_use,
        .teaching_areas = FL_AREA_MAX - map->areas.reserve,
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

    for (const struct vm_area *area = map->tree.first; area != NULL; area = area->next) {
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
        .records = map->areas.slabs + kheap_frames(vm_map_accounts_bytes(map->n_accounts), 1),
    };
    for (const struct vm_area *area = map->tree.first; area != NULL; area = area->next) {
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

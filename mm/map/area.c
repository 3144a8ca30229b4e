/* Single areas (area.h): what is too long to be inline. */
#include "mm/map/area.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"

void area_set_range(struct vm_map *map, struct vm_area *area, uint32_t start, uint32_t end)
{
    uint32_t before = area_pages(area);

    lock_assert_held(&map->lock);
    area_count_pages(map, area, (int32_t)(((end - start) >> PAGE_SHIFT) - before));
    area->offset += (uint64_t)start - area->start;
    area->start = start;
    area->end = end;
    map->version++;
    area_update_hole(area);
    area_update_hole(area->next);
}

void vm_map_extend_down(struct vm_map *map, struct vm_area *area, uint32_t start)
{
    area_set_range(map, area, start, area->end);
}

noinline_fn void area_merge_with_next_slow(struct vm_map *map, struct vm_area *area)
{
    struct vm_area *next = area->next;

    lock_assert_held(&map->lock);
    if (area_is_continued_by(area, next->flags, next->prot, next->account, next->object,
                             next->offset)) {
        uint32_t end = next->end;
        area_remove(map, next);
        area->end = end;
        area_update_hole(area->next);
        map->tree.hit = area;
    }
}

struct vm_area *area_split(struct vm_map *map, struct vm_area *area, uint32_t at,
                           struct vm_area *upper)
{
    uint32_t end = area->end;

    lock_assert_held(&map->lock);
    assert(upper != NULL); /* whoever cuts has allocated it */
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

int area_spares_alloc(struct vm_map *map, struct vrange range, struct area_spares *spares)
{
    const struct vm_area *first = vm_map_lookup_above(map, range.start.raw);
    const struct vm_area *last = vm_map_lookup_above(map, range.end.raw - 1);
    bool cut_first = first != NULL && first->start < range.start.raw;
    bool cut_last = last != NULL && last->start < range.end.raw && last->end > range.end.raw;

    *spares = (struct area_spares){NULL, NULL};
    if (cut_first && (spares->at_start = area_alloc(map, 0)) == NULL) {
        return -ENOMEM;
    }
    if (cut_last && (spares->at_end = area_alloc(map, 0)) == NULL) {
        area_spares_free(map, spares);
        return -ENOMEM;
    }
    return 0;
}

void area_spares_free(struct vm_map *map, const struct area_spares *spares)
{
    if (spares->at_start != NULL) {
        kcache_free(&map->areas, spares->at_start);
    }
    if (spares->at_end != NULL) {
        kcache_free(&map->areas, spares->at_end);
    }
}

struct vm_area *area_cut(struct vm_map *map, struct vm_area *area, struct vrange range,
                         struct area_spares *spares)
{
    if (area->start < range.start.raw) {
        area = area_split(map, area, range.start.raw, spares->at_start);
        spares->at_start = NULL;
    }
    if (area->end > range.end.raw) {
        area_split(map, area, range.end.raw, spares->at_end);
        spares->at_end = NULL;
    }
    return area;
}

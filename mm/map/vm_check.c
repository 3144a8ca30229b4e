/* The invariants of a map. */
#include <stddef.h>

#include "lib/assert.h"
#include "mm/map/vm_map_impl.h"
#include "mm/vm_map.h"

/* The hole [start, end) does not begin where map->no_hole_below says that none does. */
static void check_hint(const struct vm_map *map, uint32_t start, uint32_t end)
{
    uint32_t begin = start > map->no_hole_below.low ? start : map->no_hole_below.low;

    assert(begin >= end || begin >= map->no_hole_below.from);
}

void vm_map_check(struct vm_map *map)
{
    uint32_t teaching = 0, pages = 0, charged = 0, resident = 0, end = 0;

    assert(map->busy == 0);
    assert(area_tree_check(&map->tree) == map->areas.in_use);
    for (const struct vm_area *area = map->tree.first; area != NULL; area = area->next) {
        assert(area->account < map->n_accounts);
        check_hint(map, end, area->start);
        end = area->end;
        teaching += (area->flags & VM_TEACHING) != 0;
        pages += area_pages(area);
        charged += (area->flags & VM_CHARGED) ? area_pages(area) : 0;
        resident += vm_map_resident(map, vrange(area->start, area->end));
    }
    check_hint(map, end, USER_END);
    assert(charged == map->charged_pages);
    assert(pages == map->size_pages && resident == map->rss_pages);
    assert(vm_map_resident(map, vrange(USER_BASE, USER_END)) == resident);
    assert(map->areas.reserve == FL_AREA_MAX - teaching);
    kcache_check(&map->areas);
}

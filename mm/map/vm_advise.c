/* madvise: drops pages (MADV_DONTNEED), and says what fork does with an area. */
#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"
#include "lib/minmax.h"
#include "mm/map/area.h"
#include "mm/map/vm_map_impl.h"
#include "mm/vm_map.h"

static int vm_map_discard_locked(struct vm_map *map, struct vrange range)
{
    lock_assert_held(&map->lock);
    uint32_t covered = 0, steps = 0;

    for (const struct vm_area *area = vm_map_lookup_above(map, range.start.raw);
         area != NULL && area->start < range.end.raw; area = area->next) {
        struct vrange part = area_part_in(area, range);
        vm_map_drop_pages(map, part);
        covered += part.end.raw - part.start.raw;
        (void)vm_map_preempt_step(map, &steps);
    }
    return covered == range.end.raw - range.start.raw ? 0 : -ENOMEM;
}

int vm_map_discard(struct vm_map *map, struct vrange range)
{
    lock_acquire(&map->lock);
    int result = vm_map_discard_locked(map, range);
    lock_release(&map->lock);
    return result;
}

/* The part of an area that shows its object's bytes from `from` on; empty: none does. */
static struct vrange part_behind(const struct vm_area *area, uint64_t from)
{
    uint64_t before = from > area->offset ? from - area->offset : 0;
    uint32_t length = area->end - area->start;
    uint32_t start = area->start + (uint32_t)min_u64(before, length);

    return vrange(start, area->end);
}

void vm_map_cut_object(struct vm_map *map, const struct vm_object *object, uint64_t from)
{
    uint32_t steps = 0;

    assert(map->busy == 0);
    lock_acquire(&map->lock);
    for (const struct vm_area *area = map->tree.first; area != NULL; area = area->next) {
        if (area->object == object) {
            struct vrange part = part_behind(area, from);

            if (part.start.raw < part.end.raw) {
                vm_map_drop_pages(map, part);
            }
        }
        (void)vm_map_preempt_step(map, &steps);
    }
    lock_release(&map->lock);
}

/* Changes the flags of the areas of range one by one. Returns -EINVAL where VM_WIPE_ON_FORK makes no
 * sense, and -ENOMEM at the end if there were holes. */
static int advise_all(struct vm_map *map, struct vrange range, uint32_t set, uint32_t clear,
                      struct area_spares *spares)
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
            area = area_cut(map, area, range, spares);
            /* From the piece's own flags: its record may not be from the reserve, though the whole
             * area's was. */
            area->flags = (uint16_t)((area->flags | set) & ~clear);
            map->version++;
            area_merge_with_next(map, area);
        }
        area_merge_with_next(map, area->prev);
    }
    return has_hole || at < range.end.raw ? -ENOMEM : 0;
}

static int vm_map_advise_fork_locked(struct vm_map *map, struct vrange range, uint32_t set,
                                     uint32_t clear)
{
    lock_assert_held(&map->lock);
    struct area_spares spares;

    if (area_spares_alloc(map, range, &spares) != 0) {
        return -ENOMEM;
    }
    int err = advise_all(map, range, set, clear, &spares);

    area_spares_free(map, &spares);
    return err;
}

int vm_map_advise_fork(struct vm_map *map, struct vrange range, uint32_t set, uint32_t clear)
{
    lock_acquire(&map->lock);
    int result = vm_map_advise_fork_locked(map, range, set, clear);
    lock_release(&map->lock);
    return result;
}

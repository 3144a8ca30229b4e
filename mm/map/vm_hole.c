/* Finding room in a map: where mmap puts what the program did not place itself. */
#include <stddef.h>

#include "mm/map/vm_map_impl.h"
#include "mm/vm_map.h"

/* The holes that are not in the tree are in front of the stack, if that is the last area, and behind
 * all areas. Returns the start of the first one at or above `from` that may have room. */
static uint32_t tail_hole(const struct vm_map *map, uint32_t from, uint32_t len)
{
    const struct vm_area *last = map->tree.last;

    if (last->flags & VM_GROWS_DOWN) {
        uint32_t start = last->prev != NULL && last->prev->end > from ? last->prev->end : from;
        if (start < last->start && last->start - start >= len) {
            return start;
        }
    }
    return last->end > from ? last->end : from;
}

static bool vm_map_find_hole_locked(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high,
                                    vaddr_t *start)
{
    lock_assert_held(&map->lock);
    bool has_hint = low == map->no_hole_below.low && map->no_hole_below.from > low;
    uint32_t from = has_hint ? map->no_hole_below.from : low;
    struct vm_area *area = vm_map_lookup_above(map, from);

    /* The hole that contains `from` counts from there on; those behind it count whole. */
    if (area != NULL && (area->start < from || area->start - from < len)) {
        area = area_tree_next_hole(area, len);
        from = area != NULL ? area->prev->end : tail_hole(map, from, len);
        map->tree.hit = area != NULL ? area : map->tree.last; /* for the insertion that follows */
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

bool vm_map_find_hole(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high, vaddr_t *start)
{
    lock_acquire(&map->lock);
    bool result = vm_map_find_hole_locked(map, len, low, high, start);
    lock_release(&map->lock);
    return result;
}

static bool vm_map_find_hole_down_locked(struct vm_map *map, uint32_t len, uint32_t low,
                                         uint32_t high, vaddr_t *start)
{
    lock_assert_held(&map->lock);
    struct vm_area *area = vm_map_lookup_above(map, high - 1u);
    const struct vm_area *below = area != NULL ? area->prev : map->tree.last;
    uint32_t top = area != NULL && area->start < high ? area->start : high;
    uint32_t bottom = below != NULL && below->end > low ? below->end : low;

    /* The hole that `high` is in or behind counts up to there; those in front of it count whole. */
    if (top < bottom || top - bottom < len) {
        area = area != NULL ? area_tree_prev_hole(area, len) : area_tree_last_hole(&map->tree, len);
        if (area == NULL) {
            return false;
        }
        top = area->start;
        map->tree.hit = area;
    }
    if (top < len || top - len < low) {
        return false;
    }
    start->raw = top - len;
    return true;
}

bool vm_map_find_hole_down(struct vm_map *map, uint32_t len, uint32_t low, uint32_t high,
                           vaddr_t *start)
{
    lock_acquire(&map->lock);
    bool result = vm_map_find_hole_down_locked(map, len, low, high, start);
    lock_release(&map->lock);
    return result;
}

bool vm_map_is_free(struct vm_map *map, struct vrange range)
{
    const struct vm_area *area = vm_map_lookup_above(map, range.start.raw);

    return area == NULL || area->start >= range.end.raw;
}

/* mprotect: changes the rights of areas. Pages only lose rights here; faults grant them. */
#include <asm/errno.h>
#include <stddef.h>

#include "mm/map/area.h"
#include "mm/map/vm_map_impl.h"
#include "mm/vm_map.h"

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

/* True if rights prot make this area charged, which it is not yet. */
static inline bool becomes_charged(const struct vm_area *area, uint32_t prot)
{
    return !(area->flags & VM_CHARGED) && area_is_chargeable(area->flags, prot);
}

/* Gives the part of area that is in range the rights prot. What becomes charged is taken from
 * *charge, which the caller has charged already. Returns the piece that was changed. */
static struct vm_area *protect_piece(struct vm_map *map, struct vm_area *area, struct vrange range,
                                     uint32_t prot, struct area_spares *spares, uint32_t *charge)
{
    if (area->prot == prot) {
        return area;
    }
    area = area_cut(map, area, range, spares);
    if (becomes_charged(area, prot)) {
        area->flags |= VM_CHARGED;
        map->charged_pages += area_pages(area);
        *charge -= area_pages(area);
    }
    area->prot = (uint8_t)prot;
    map->version++;
    protect_pages(map, vrange(area->start, area->end), prot);
    return area;
}

/* Returns the number of pages in range that rights prot would newly charge. */
static uint32_t new_charge(struct vm_map *map, struct vrange range, uint32_t prot)
{
    uint32_t pages = 0, steps = 0;

    for (const struct vm_area *area = vm_map_lookup_above(map, range.start.raw);
         area != NULL && area->start < range.end.raw; area = area->next) {
        if (becomes_charged(area, prot)) {
            pages += vrange_pages(area_part_in(area, range));
        }
        (void)vm_map_preempt_step(map, &steps);
    }
    return pages;
}

/* Changes the areas of range one by one; stops at a hole or a forbidden right. */
static int protect_all(struct vm_map *map, struct vrange range, uint32_t prot,
                       struct area_spares *spares, uint32_t *charge)
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
        area = protect_piece(map, area, range, prot, spares, charge);
        area_merge_with_next(map, area->prev);
        at = end;
        (void)vm_map_preempt_step(map, &steps);
    }
    area_merge_with_next(map, vm_map_lookup(map, range.end.raw - 1));
    return 0;
}

static int vm_map_protect_locked(struct vm_map *map, struct vrange range, uint32_t prot)
{
    lock_assert_held(&map->lock);
    struct area_spares spares;
    uint32_t charge = (prot & VM_WRITE) ? new_charge(map, range, prot) : 0;

    if (commit_check(charge) != 0) {
        return -ENOMEM;
    }
    commit_add((int32_t)charge); /* now, because others run meanwhile */
    int err = area_spares_alloc(map, range, &spares);

    if (err == 0) {
        err = protect_all(map, range, prot, &spares, &charge);
        area_spares_free(map, &spares);
    }
    commit_add(-(int32_t)charge); /* of what was not reached */
    return err;
}

int vm_map_protect(struct vm_map *map, struct vrange range, uint32_t prot)
{
    lock_acquire(&map->lock);
    int result = vm_map_protect_locked(map, range, prot);
    lock_release(&map->lock);
    return result;
}

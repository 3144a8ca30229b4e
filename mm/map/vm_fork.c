/* fork: a copy of a map, whose private pages both sides copy on write. */
#include <asm/errno.h>
#include <stddef.h>

#include "mm/map/area.h"
#include "mm/map/vm_map_impl.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"

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
    struct vm_area *copy = area_alloc(child, area->flags);

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

/* Subtracts an area that the child does not get from the sizes that it copies as a whole. */
static cold_fn void leave_out(struct vm_map *child, const struct vm_area *area)
{
    uint32_t pages = area_pages(area);

    child->size_pages -= pages;
    if (area->flags & VM_CHARGED) {
        child->charged_pages -= pages;
        commit_add(-(int32_t)pages);
    }
}

static void copy_segments(struct vm_map *child, const struct vm_map *parent)
{
    for (uint32_t i = VM_ACCOUNT_FIRST_SEGMENT; i < parent->n_accounts; i++) {
        child->accounts[i].start = parent->accounts[i].start;
        child->accounts[i].end = parent->accounts[i].end;
        child->accounts[i].prot = parent->accounts[i].prot;
    }
}

/* Makes the child without areas. NULL without memory. */
static struct vm_map *create_child_locked(const struct vm_map *map)
{
    lock_assert_held(&map->lock);
    if (commit_check_copy(map->charged_pages) != 0) {
        return NULL;
    }
    struct vm_map *child = vm_map_create(map->n_accounts - VM_ACCOUNT_FIRST_SEGMENT);

    if (child == NULL) {
        return NULL;
    }
    copy_segments(child, map);
    /* Charged now, because others run meanwhile and could be granted the rest. */
    child->charged_pages = map->charged_pages;
    commit_add((int32_t)child->charged_pages);
    return child;
}

/* Returns 0, -ENOMEM or -EINTR; the child then has a part of the areas. Nobody else knows the child,
 * so its lock is not needed. */
static int copy_areas_locked(struct vm_map *child, struct vm_map *map)
{
    int err = 0;

    lock_assert_held(&map->lock);
    for (const struct vm_area *area = map->tree.first; area != NULL && err == 0;
         area = area->next) {
        if (unlikely(area->flags & VM_DONT_FORK)) {
            leave_out(child, area);
        } else {
            err = area_copy(child, map, area);
        }
        if (err == 0 && vm_map_preempt_at(map, child->areas.in_use)) {
            err = -EINTR;
        }
    }
    child->size_pages += map->size_pages;
    child->size_peak = child->size_pages;
    pmap_flush(&map->pmap);
    return err;
}

struct vm_map *vm_map_fork(struct vm_map *map)
{
    int err = 0;

    lock_acquire(&map->lock);
    struct vm_map *child = create_child_locked(map);

    if (child != NULL) {
        err = copy_areas_locked(child, map);
    }
    lock_release(&map->lock);
    if (err != 0) {
        vm_map_destroy(child);
        return NULL;
    }
    return child;
}

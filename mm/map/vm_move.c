/* mremap: grows an area in place, moves a part of one, or makes a second view of shared memory. */
#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"
#include "mm/map/area.h"
#include "mm/map/vm_map_impl.h"
#include "mm/vm_map.h"

static int vm_map_grow_up_locked(struct vm_map *map, vaddr_t end, vaddr_t new_end)
{
    lock_assert_held(&map->lock);
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
    area_merge_with_next(map, area);
    return 0;
}

int vm_map_grow_up(struct vm_map *map, vaddr_t end, vaddr_t new_end)
{
    lock_acquire(&map->lock);
    int result = vm_map_grow_up_locked(map, end, new_end);
    lock_release(&map->lock);
    return result;
}

static int vm_map_duplicate_locked(struct vm_map *map, vaddr_t from, struct vrange to)
{
    lock_assert_held(&map->lock);
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

    return vm_map_insert_locked(map, &spec);
}

int vm_map_duplicate(struct vm_map *map, vaddr_t from, struct vrange to)
{
    lock_acquire(&map->lock);
    int result = vm_map_duplicate_locked(map, from, to);
    lock_release(&map->lock);
    return result;
}

/* ---- Moving ------------------------------------------------------------------------------------ */

/* Frees the tables of [start, end) that have no entry. */
static void trim_tables(struct vm_map *map, uint32_t start, uint32_t end)
{
    uint32_t steps = 0;

    for (uint32_t va = start; va < end; va += PAGE_SIZE) {
        pmap_trim(&map->pmap, vaddr(va));
        (void)vm_map_preempt_step(map, &steps);
    }
}

/* Makes the tables that the pages of `from` will need at `to`. Returns 0, -ENOMEM or -EINTR. */
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

/* What a move needs before its first visible change. */
struct move {
    struct vm_area *record; /* of the new area                                       */
    struct vm_area *spare;  /* of what stays above `from`, if the old area is split   */
    uint32_t growth;        /* pages charged for what `to` has more than `from`       */
};

static void move_abandon(struct vm_map *map, const struct move *move)
{
    commit_add(-(int32_t)move->growth);
    if (move->record != NULL) {
        kcache_free(&map->areas, move->record);
    }
    if (move->spare != NULL) {
        kcache_free(&map->areas, move->spare);
    }
}

/* Returns 0, or -ENOMEM with nothing allocated. */
static int move_prepare(struct vm_map *map, const struct vm_area *area, struct vrange from,
                        struct vrange to, struct move *move)
{
    bool is_split = area_is_split_by(area, from);

    *move = (struct move){NULL, NULL, 0};
    if (area->flags & VM_CHARGED) {
        move->growth = vrange_pages(to) - vrange_pages(from);
    }
    if (move->growth > 0 && commit_check(move->growth) != 0) {
        return -ENOMEM;
    }
    commit_add((int32_t)move->growth); /* now, because others run meanwhile */
    move->record = area_alloc(map, 0);
    if (move->record != NULL && is_split) {
        move->spare = area_alloc(map, 0);
    }
    if (move->record == NULL || (is_split && move->spare == NULL) ||
        reserve_tables(map, from, to.start.raw) != 0) {
        move_abandon(map, move);
        return -ENOMEM;
    }
    return 0;
}

static int vm_map_move_locked(struct vm_map *map, struct vrange from, struct vrange to)
{
    lock_assert_held(&map->lock);
    struct vm_area *area = vm_map_lookup(map, from.start.raw);
    struct move move;

    assert(vrange_pages(to) >= vrange_pages(from));
    if (area == NULL || from.end.raw > area->end) {
        return -EFAULT;
    }
    if (move_prepare(map, area, from, to, &move) != 0) {
        return -ENOMEM;
    }
    struct vm_area *moved = move.record;

    /* The flags stay, VM_CHARGED too: no more than that was checked. */
    *moved = *area;
    moved->flags &= (uint16_t)~VM_TEACHING;
    moved->offset += from.start.raw - area->start;
    moved->start = to.start.raw;
    moved->end = to.end.raw;
    if (moved->object != NULL) {
        vm_object_ref(moved->object);
    }
    move_pages(map, from, to.start.raw);
    if (move.spare != NULL) {
        area_end_growth(area_split(map, area, from.end.raw, move.spare));
    }
    int err = vm_map_remove_locked(map, from);

    assert(err == 0);                  /* it splits no area any more */
    commit_add(-(int32_t)move.growth); /* area_add charges it */
    area_add(map, moved, vm_map_lookup_above(map, to.start.raw));
    area_merge_with_next(map, moved->prev);
    return 0;
}

int vm_map_move(struct vm_map *map, struct vrange from, struct vrange to)
{
    lock_acquire(&map->lock);
    int result = vm_map_move_locked(map, from, to);
    lock_release(&map->lock);
    return result;
}

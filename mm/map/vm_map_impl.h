/*
 * The inside of a map, for mm/ and its tests: the fields, look-ups, and preemption inside an
 * operation. area.h has what changes single areas.
 */
#ifndef MM_MAP_VM_MAP_IMPL_H
#define MM_MAP_VM_MAP_IMPL_H

#include "arch/pmap.h"
#include "lib/preempt.h"
#include "mm/map/area_tree.h"
#include "mm/phys/kheap.h"
#include "mm/vm_map.h"
#include "sync/lock.h"

struct vm_map {
    struct pmap pmap; /* first: 32-byte alignment */
    /* LOCK_MAP protects all fields but n_accounts, which is constant. Asking about a map needs no
     * lock on one CPU (mm/vm_map.h). */
    struct lock lock;
    struct area_tree tree;
    uint32_t version; /* changes with every change of an area; wraps */
    struct {
        uint32_t low, from; /* no hole of a page or more begins in [low, from) */
    } no_hole_below;
    struct kcache areas; /* the area records: those in use are the map's areas, and those missing
                          * from its reserve of FL_AREA_MAX the teaching areas */
    uint32_t size_pages, size_peak;
    uint32_t rss_pages, rss_peak;
    uint32_t charged_pages; /* this map's part of commit_charged */
    uint32_t unplaced[VM_CAUSE_COUNT];
    uint32_t n_accounts;
    struct fl_account *accounts;
    uint32_t busy; /* operations in progress that let others run; nobody else may change the map */
};

static inline size_t vm_map_accounts_bytes(uint32_t n)
{
    return n * sizeof(struct fl_account);
}

/* Calls preempt_point in the middle of an operation and marks the map as busy meanwhile. Returns true
 * if the process is being killed. */
static inline bool vm_map_preempt(struct vm_map *map)
{
    map->busy++;
    bool is_killed = preempt_point();
    map->busy--;
    return is_killed;
}
/* The same in every PREEMPT_STEPS-th call; *steps starts at 0. */
static inline bool vm_map_preempt_step(struct vm_map *map, uint32_t *steps)
{
    return unlikely(++*steps % PREEMPT_STEPS == 0) && vm_map_preempt(map);
}
/* The same for a loop that changes `count` by one in each round and needs no counter of its own. */
static inline bool vm_map_preempt_at(struct vm_map *map, uint32_t count)
{
    return unlikely(count % PREEMPT_STEPS == 0) && vm_map_preempt(map);
}

/* Returns the first area whose end is above va, or NULL. */
static inline struct vm_area *vm_map_lookup_above(struct vm_map *map, uint32_t va)
{
    return area_tree_above(&map->tree, va);
}
/* Returns the area that holds va, or NULL. */
static inline struct vm_area *vm_map_lookup(struct vm_map *map, uint32_t va)
{
    return area_tree_at(&map->tree, va);
}

/* vm_map_insert and vm_map_remove inside an operation. */
must_check int vm_map_insert_locked(struct vm_map *map, const struct vm_area_spec *spec);
must_check int vm_map_remove_locked(struct vm_map *map, struct vrange range);

/* Lowers the start of an area (stack growth). The pages in between are free. */
void vm_map_extend_down(struct vm_map *map, struct vm_area *area, uint32_t start);

/* The peak is updated before the size falls and before anyone reads it, not with every page. */
static inline void vm_map_note_rss_peak(struct vm_map *map)
{
    if (map->rss_pages > map->rss_peak) {
        map->rss_peak = map->rss_pages;
    }
}

void vm_map_drop_pages_slow(struct vm_map *map, struct vrange range);
/* Unmaps all pages of a range and drops their references; areas stay. Memory that was never touched
 * mostly has no page table, which is found out inline. */
static inline void vm_map_drop_pages(struct vm_map *map, struct vrange range)
{
    range.start = pmap_next_table(&map->pmap, range);
    if (range.start.raw < range.end.raw) {
        vm_map_drop_pages_slow(map, range);
    }
}

#endif

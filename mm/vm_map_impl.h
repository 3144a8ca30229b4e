/*
 * The inside of a map. Included only inside mm/ and by its tests.
 *
 * Areas are in a red-black tree ordered by address, and in a list for their neighbours. Each knows
 * the hole in front of it, and the largest such hole of its subtree, so that finding a hole is
 * logarithmic. Two holes are not in the tree: the one behind the last area, and the one in front of
 * the stack, which changes with nearly every call and would change the sums of the whole path to the
 * root each time. The search looks at them last.
 */
#ifndef MM_VM_MAP_IMPL_H
#define MM_VM_MAP_IMPL_H

#include "arch/pmap.h"
#include "lib/preempt.h"
#include "mm/phys/kheap.h"
#include "mm/vm_map.h"

struct vm_area {
    struct {
        struct vm_area *rbe_left, *rbe_right, *rbe_parent; /* RB_ENTRY(vm_area), spelled out  */
        int rbe_color;                                     /* because RB_AUGMENT needs the type */
    } link;
    uint32_t start, end;   /* [start, end), page aligned             */
    uint32_t hole;         /* bytes free before start; stack at end: 0 */
    uint32_t largest_hole; /* largest `hole` in the subtree          */
    struct vm_area *prev, *next;
    struct vm_object *object; /* NULL: private anonymous                */
    uint64_t offset;          /* in the object, at start                */
    uint16_t flags;           /* VM_*                                   */
    uint8_t prot;
    uint8_t account;
};

struct vm_map {
    struct pmap pmap; /* first: 32-byte alignment */
    struct {
        struct vm_area *rbh_root;
    } tree;
    struct vm_area *first, *last;
    uint32_t version;    /* changes with every change of an area; wraps */
    struct vm_area *hit; /* an area that the next look-up may be near to; NULL only if none exist */
    struct {
        uint32_t low, from; /* no hole of a page or more begins in [low, from) */
    } no_hole_below;
    struct kcache areas; /* this map's area records; its reserve is the teaching interface's */
    uint32_t n_areas, n_teaching;
    uint32_t size_pages, size_peak;
    uint32_t rss_pages, rss_peak;
    uint32_t charged_pages; /* this map's part of commit_charged */
    uint32_t unplaced[VM_CAUSE_COUNT];
    uint32_t n_accounts;
    struct fl_account *accounts;
    uint32_t busy; /* operations under way that let others run: none may change the map meanwhile */
};

/* preempt_point() in the middle of an operation on the map, which is busy meanwhile. */
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
/* The same in a loop that changes `count` by one in each round, which is then all that it takes. */
static inline bool vm_map_preempt_at(struct vm_map *map, uint32_t count)
{
    return unlikely(count % PREEMPT_STEPS == 0) && vm_map_preempt(map);
}

/* The first area whose end is above va, or NULL; remembers it. Mostly it is the one of the last
 * look-up, so that is asked in line. */
struct vm_area *vm_map_search_above(struct vm_map *map, uint32_t va);
static inline struct vm_area *vm_map_lookup_above(struct vm_map *map, uint32_t va)
{
    struct vm_area *area = map->hit;

    if (area != NULL && va < area->end &&
        (va >= area->start || area->prev == NULL || va >= area->prev->end)) {
        return area;
    }
    return vm_map_search_above(map, va);
}
/* The area that holds va, or NULL; remembers it. Mostly it is the one of the last look-up. */
static inline struct vm_area *vm_map_lookup(struct vm_map *map, uint32_t va)
{
    struct vm_area *area = map->hit;

    if (likely(area != NULL && va >= area->start && va < area->end)) {
        return area;
    }
    area = vm_map_search_above(map, va);
    return area != NULL && va >= area->start ? area : NULL;
}
/* Lowers the start of an area (stack growth); the pages in between are free. */
void vm_map_extend_down(struct vm_map *map, struct vm_area *area, uint32_t start);

/* The peak is brought up to date before the size falls and before anyone reads it, not with every
 * page that comes. */
static inline void vm_map_note_rss_peak(struct vm_map *map)
{
    if (map->rss_pages > map->rss_peak) {
        map->rss_peak = map->rss_pages;
    }
}

#endif

/*
 * Single areas of a map: their records, and how they are added, removed, resized, cut and merged.
 * Every change of a map is made of these. The caller holds the map's lock.
 *
 * Records come from the map's own cache, whose reserve holds the FL_AREA_MAX records of teaching
 * areas for the map's whole life (contract V4), so using them moves no frame.
 */
#ifndef MM_MAP_AREA_H
#define MM_MAP_AREA_H

#include "mm/commit_charge.h"
#include "mm/map/vm_map_impl.h"
#include "mm/vm_object.h"

/* ---- Records ----------------------------------------------------------------------------------- */

/* Allocates a record, contents undefined, for an area with these flags. Returns NULL without memory
 * or if the map has its maximum of areas. */
must_check static inline struct vm_area *area_alloc(struct vm_map *map, uint32_t flags)
{
    if (map->areas.in_use >= VM_MAP_AREAS_MAX) {
        return NULL;
    }
    if (!(flags & VM_TEACHING)) {
        return kcache_alloc(&map->areas);
    }
    return map->areas.reserve > 0 ? kcache_alloc_reserved(&map->areas) : NULL;
}

/* Frees a record that is not linked. Its flags are those that it was allocated for. */
static inline void area_free(struct vm_map *map, struct vm_area *area)
{
    if (area->flags & VM_TEACHING) {
        kcache_free_reserved(&map->areas, area);
    } else {
        kcache_free(&map->areas, area);
    }
}

/* Drops an area's reference to its object. The last reference to shared memory frees all its pages
 * and lets others run meanwhile. */
static inline void area_drop_object(struct vm_map *map, const struct vm_area *area)
{
    if (area->object != NULL) {
        map->busy++;
        vm_object_unref(area->object);
        map->busy--;
    }
}

/* ---- Sizes ------------------------------------------------------------------------------------- */

/* True if an area with these flags and rights is charged: each of its pages may need its own frame.
 * (Shared anonymous memory is charged by its object.) */
static inline bool area_is_chargeable(uint32_t flags, uint32_t prot)
{
    return (prot & VM_WRITE) && !(flags & VM_SHARED) &&
           (!(flags & VM_NO_RESERVE) || commit_counts_no_reserve());
}

/* The one place where sizes change: the map's, and the commit charge. */
static inline void area_count_pages(struct vm_map *map, const struct vm_area *area, int32_t pages)
{
    map->size_pages += (uint32_t)pages;
    if (map->size_pages > map->size_peak) {
        map->size_peak = map->size_pages;
    }
    if (area->flags & VM_CHARGED) {
        map->charged_pages += (uint32_t)pages;
        commit_add(pages);
    }
}

/* ---- Whole areas ------------------------------------------------------------------------------- */

/* Links a filled record in front of `next` (NULL: behind all areas). Its pages are not counted. */
static inline void area_link(struct vm_map *map, struct vm_area *area, struct vm_area *next)
{
    area_tree_insert(&map->tree, area, next);
    map->version++;
}

/* Unlinks an area, drops its object and frees its record. Its pages are not counted. */
static inline void area_remove(struct vm_map *map, struct vm_area *area)
{
    area_tree_remove(&map->tree, area);
    map->version++;
    area_drop_object(map, area);
    area_free(map, area);
}

/* Changes the range of an area, and counts the pages. */
void area_set_range(struct vm_map *map, struct vm_area *area, uint32_t start, uint32_t end);

/* ---- Merging ----------------------------------------------------------------------------------- */

/* True if what the values describe, and begins where `a` ends, can be a part of `a`. */
static inline bool area_is_continued_by(const struct vm_area *a, uint32_t flags, uint32_t prot,
                                        uint32_t account, const struct vm_object *object,
                                        uint64_t offset)
{
    return a->flags == flags && a->prot == prot && a->account == account && a->object == object &&
           !(flags & (VM_NO_MERGE | VM_GROWS_DOWN | VM_TEACHING)) &&
           (object == NULL || a->offset + (a->end - a->start) == offset);
}

void area_merge_with_next_slow(struct vm_map *map, struct vm_area *area);
/* Merges area with its upper neighbour if that begins where it ends and continues it. NULL is
 * ignored. */
static inline void area_merge_with_next(struct vm_map *map, struct vm_area *area)
{
    if (area != NULL && area->next != NULL && area->next->start == area->end) {
        area_merge_with_next_slow(map, area);
    }
}

/* Adds a filled record, with its pages, in front of `next`. Merges upward only: the caller knows
 * whether it continues the area in front. */
static inline void area_add(struct vm_map *map, struct vm_area *area, struct vm_area *next)
{
    area_link(map, area, next);
    area_count_pages(map, area, (int32_t)area_pages(area));
    area_merge_with_next(map, area);
}

/* ---- Cutting ----------------------------------------------------------------------------------- */

/* True if removing range cuts this area, the first that reaches into it, in two. */
static inline bool area_is_split_by(const struct vm_area *area, struct vrange range)
{
    return area != NULL && area->start < range.start.raw && area->end > range.end.raw;
}

/* Cuts area at `at`. The upper part goes into the record `upper`, which is not from the reserve.
 * Returns the upper part. */
struct vm_area *area_split(struct vm_map *map, struct vm_area *area, uint32_t at,
                           struct vm_area *upper);

/* A stack above memory that is unmapped does not grow into the hole: what was there stays away
 * (bad-input M15). The caller updates the hole in front of it. */
static inline void area_end_growth(struct vm_area *area)
{
    area->flags &= (uint16_t)~VM_GROWS_DOWN;
}

/* The records that cutting areas at both edges of a range needs; NULL: not needed, or used. */
struct area_spares {
    struct vm_area *at_start, *at_end;
};
/* Returns 0, or -ENOMEM with none allocated. */
must_check int area_spares_alloc(struct vm_map *map, struct vrange range,
                                 struct area_spares *spares);
/* Frees those that were not used. */
void area_spares_free(struct vm_map *map, const struct area_spares *spares);
/* Cuts area at the edges of range that lie in it. Returns the piece inside. */
struct vm_area *area_cut(struct vm_map *map, struct vm_area *area, struct vrange range,
                         struct area_spares *spares);

#endif

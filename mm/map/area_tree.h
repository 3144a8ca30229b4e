/*
 * The areas of a map in address order: a red-black tree for look-ups, a list for neighbours, and the
 * holes between them.
 *
 * Each area knows the hole in front of it and the largest such hole in its subtree, so finding a
 * hole takes logarithmic time. Two holes are not in the tree: the one behind the last area, and the
 * one in front of the stack. The latter changes with almost every call, and each change would update
 * the sums on the whole path to the root. vm_hole.c considers these two last.
 */
#ifndef MM_MAP_AREA_TREE_H
#define MM_MAP_AREA_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "mm/vm_map.h"

struct vm_area {
    struct {
        union { /* RB_ENTRY(vm_area), spelled out because RB_AUGMENT needs the type */
            struct {
                struct vm_area *rbe_left, *rbe_right;
            };
            struct vm_area *child[2]; /* the same two, by enum area_side */
        };
        struct vm_area *rbe_parent;
        int rbe_color;
    } link;
    uint32_t start, end;   /* [start, end), page aligned                        */
    uint32_t hole;         /* free bytes before start; 0 for a stack at the end */
    uint32_t largest_hole; /* largest `hole` in the subtree                     */
    struct vm_area *prev, *next;
    struct vm_object *object; /* NULL: private anonymous                           */
    uint64_t offset;          /* in the object, at start                           */
    uint16_t flags;           /* VM_*                                              */
    uint8_t prot;
    uint8_t account;
};

struct area_tree {
    struct vm_area *rbh_root;
    struct vm_area *first, *last;
    struct vm_area *hit; /* where the last look-up ended; NULL only without areas */
};

static inline uint32_t area_pages(const struct vm_area *area)
{
    return (area->end - area->start) >> PAGE_SHIFT;
}

/* The part of area that is in range, which reaches into it. */
static inline struct vrange area_part_in(const struct vm_area *area, struct vrange range)
{
    return vrange(area->start > range.start.raw ? area->start : range.start.raw,
                  area->end < range.end.raw ? area->end : range.end.raw);
}

/* ---- Look-up ----------------------------------------------------------------------------------- */

struct vm_area *area_tree_above_slow(struct area_tree *tree, uint32_t va);
/* Returns the first area whose end is above va, or NULL, and remembers it. Most look-ups end where
 * the last one did, so that area is tried inline. */
static inline struct vm_area *area_tree_above(struct area_tree *tree, uint32_t va)
{
    struct vm_area *area = tree->hit;

    if (area != NULL && va < area->end &&
        (va >= area->start || area->prev == NULL || va >= area->prev->end)) {
        return area;
    }
    return area_tree_above_slow(tree, va);
}
/* Returns the area that holds va, or NULL, and remembers it. */
static inline struct vm_area *area_tree_at(struct area_tree *tree, uint32_t va)
{
    struct vm_area *area = tree->hit;

    if (likely(area != NULL && va >= area->start && va < area->end)) {
        return area;
    }
    area = area_tree_above_slow(tree, va);
    return area != NULL && va >= area->start ? area : NULL;
}

/* ---- Changing ---------------------------------------------------------------------------------- */

/* Adds an area in front of `next`, or behind all others if that is NULL. Its range is free. */
void area_tree_insert(struct area_tree *tree, struct vm_area *area, struct vm_area *next);
/* Takes an area out. Its own links keep their values. */
void area_tree_remove(struct area_tree *tree, struct vm_area *area);

/* The value of area->hole that follows from its neighbour. */
static inline uint32_t area_hole_in_front(const struct vm_area *area)
{
    if ((area->flags & VM_GROWS_DOWN) && area->next == NULL) {
        return 0;
    }
    return area->start - (area->prev != NULL ? area->prev->end : 0);
}
void area_update_hole_slow(struct vm_area *area, uint32_t hole);
/* Brings the hole in front of an area up to date, after its start or its neighbour's end has changed.
 * NULL is ignored. */
static inline void area_update_hole(struct vm_area *area)
{
    uint32_t hole = area != NULL ? area_hole_in_front(area) : 0;

    if (area != NULL && hole != area->hole) {
        area_update_hole_slow(area, hole);
    }
}

/* ---- Holes of at least len bytes ---------------------------------------------------------------- */

/* Return the nearest area behind, or in front of, this one that has such a hole in front; NULL if
 * none has. */
struct vm_area *area_tree_next_hole(struct vm_area *area, uint32_t len);
struct vm_area *area_tree_prev_hole(struct vm_area *area, uint32_t len);
/* Returns the last area of all with such a hole in front, or NULL. */
struct vm_area *area_tree_last_hole(const struct area_tree *tree, uint32_t len);

/* Checks order, links, list and holes; panics on a broken invariant. Returns the number of areas. */
uint32_t area_tree_check(const struct area_tree *tree);

#endif

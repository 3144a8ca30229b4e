/* The tree of areas (area_tree.h). The macros of lib/tree.h balance it; RB_AUGMENT keeps the largest
 * hole of each subtree. */
#include "mm/map/area_tree.h"

#include <stdbool.h>

#include "lib/addr.h"
#include "lib/assert.h"

enum area_side { SIDE_BELOW, SIDE_ABOVE };

/* ---- Sums -------------------------------------------------------------------------------------- */

static inline void area_update(struct vm_area *area);
#define RB_AUGMENT(area) area_update(area)
#include "lib/tree.h"

static inline void area_update(struct vm_area *area)
{
    const struct vm_area *left = area->link.rbe_left, *right = area->link.rbe_right;
    uint32_t largest = area->hole;

    if (left != NULL && left->largest_hole > largest) {
        largest = left->largest_hole;
    }
    if (right != NULL && right->largest_hole > largest) {
        largest = right->largest_hole;
    }
    area->largest_hole = largest;
}

static inline int area_compare(const struct vm_area *a, const struct vm_area *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_STATIC(area_tree, vm_area, link, area_compare)

/* The sums above a node follow from it, up to the first one that does not change. */
static void sums_update_above(struct vm_area *area)
{
    while ((area = area->link.rbe_parent) != NULL) {
        uint32_t before = area->largest_hole;
        area_update(area);
        if (area->largest_hole == before) {
            return;
        }
    }
}

noinline_fn void area_update_hole_slow(struct vm_area *area, uint32_t hole)
{
    uint32_t before = area->largest_hole;

    area->hole = hole;
    area_update(area);
    if (area->largest_hole != before) {
        sums_update_above(area);
    }
}

/* ---- Look-up ----------------------------------------------------------------------------------- */

struct vm_area *area_tree_above_slow(struct area_tree *tree, uint32_t va)
{
    struct vm_area *area, *best = NULL;

    for (area = tree->rbh_root; area != NULL;) {
        if (va < area->end) {
            best = area;
            if (va >= area->start) {
                break;
            }
            area = area->link.rbe_left;
        } else {
            area = area->link.rbe_right;
        }
    }
    if (best != NULL) {
        tree->hit = best;
    }
    return best;
}

/* ---- Changing ---------------------------------------------------------------------------------- */

/* Attaches an area beside its neighbours: in an ordered tree one of the two has the free place
 * between them, so nothing is searched. */
static void insert_between(struct area_tree *tree, struct vm_area *area, struct vm_area *prev,
                           struct vm_area *next)
{
    struct vm_area *parent = NULL, **place = &tree->rbh_root;

    if (next != NULL && next->link.rbe_left == NULL) {
        parent = next;
        place = &next->link.rbe_left;
    } else if (prev != NULL) {
        parent = prev;
        place = &prev->link.rbe_right;
    }
    RB_SET(area, parent, link);
    *place = area;
    area_tree_RB_INSERT_COLOR(tree, area);
}

void area_tree_insert(struct area_tree *tree, struct vm_area *area, struct vm_area *next)
{
    struct vm_area *prev = next != NULL ? next->prev : tree->last;

    area->prev = prev;
    area->next = next;
    *(prev != NULL ? &prev->next : &tree->first) = area;
    *(next != NULL ? &next->prev : &tree->last) = area;
    /* Without a hole it changes no sum while the tree is balanced. */
    area->hole = area->largest_hole = 0;
    insert_between(tree, area, prev, next);
    area_update_hole(area);
    area_update_hole(next != NULL ? next : prev); /* a stack in front is no longer the last area */
    tree->hit = area;
}

void area_tree_remove(struct area_tree *tree, struct vm_area *area)
{
    struct vm_area *prev = area->prev, *next = area->next;

    *(prev != NULL ? &prev->next : &tree->first) = next;
    *(next != NULL ? &next->prev : &tree->last) = prev;
    area_tree_RB_REMOVE(tree, area);
    /* For a node with two children the macro updates the whole path, else only the parent. An area
     * without a hole left no trace in the sums. */
    if (area->hole != 0 && (area->link.rbe_left == NULL || area->link.rbe_right == NULL)) {
        for (struct vm_area *up = area->link.rbe_parent; up != NULL; up = up->link.rbe_parent) {
            area_update(up);
        }
    }
    area_update_hole(next != NULL ? next : prev); /* a stack may be the last area now */
    tree->hit = next != NULL ? next : prev;
}

/* ---- Holes ------------------------------------------------------------------------------------- */

/* Of a subtree that has a hole of len, returns the area whose hole lies furthest on `side`. */
static hot_inline_fn struct vm_area *outermost_hole(struct vm_area *area, uint32_t len,
                                                    enum area_side side)
{
    for (;;) {
        struct vm_area *outer = area->link.child[side];
        if (outer != NULL && outer->largest_hole >= len) {
            area = outer;
        } else if (area->hole >= len) {
            return area;
        } else {
            area = area->link.child[!side];
        }
    }
}

/* Returns the nearest area on `side` of this one with a hole of len in front, or NULL. */
static hot_inline_fn struct vm_area *nearest_hole(struct vm_area *area, uint32_t len,
                                                  enum area_side side)
{
    const enum area_side back = side == SIDE_ABOVE ? SIDE_BELOW : SIDE_ABOVE;
    struct vm_area *beyond = area->link.child[side];

    if (beyond != NULL && beyond->largest_hole >= len) {
        return outermost_hole(beyond, len, back);
    }
    for (struct vm_area *up = area->link.rbe_parent; up != NULL;
         area = up, up = up->link.rbe_parent) {
        if (up->link.child[back] != area) {
            continue;
        }
        if (up->hole >= len) {
            return up;
        }
        beyond = up->link.child[side];
        if (beyond != NULL && beyond->largest_hole >= len) {
            return outermost_hole(beyond, len, back);
        }
    }
    return NULL;
}

struct vm_area *area_tree_next_hole(struct vm_area *area, uint32_t len)
{
    return nearest_hole(area, len, SIDE_ABOVE);
}

struct vm_area *area_tree_prev_hole(struct vm_area *area, uint32_t len)
{
    return nearest_hole(area, len, SIDE_BELOW);
}

struct vm_area *area_tree_last_hole(const struct area_tree *tree, uint32_t len)
{
    struct vm_area *root = tree->rbh_root;

    return root != NULL && root->largest_hole >= len ? outermost_hole(root, len, SIDE_ABOVE) : NULL;
}

/* ---- Invariants -------------------------------------------------------------------------------- */

/* Checks the order and the holes of a subtree in [low, high); returns its number of areas. */
static uint32_t check_subtree(const struct vm_area *area, uint32_t low, uint32_t high)
{
    if (area == NULL) {
        return 0;
    }
    const struct vm_area *left = area->link.rbe_left, *right = area->link.rbe_right;
    uint32_t largest = area->hole;

    assert(area->start >= low && area->end <= high && area->start < area->end);
    assert(is_page_aligned(area->start) && is_page_aligned(area->end));
    assert(left == NULL || left->link.rbe_parent == area);
    assert(right == NULL || right->link.rbe_parent == area);
    if (left != NULL && left->largest_hole > largest) {
        largest = left->largest_hole;
    }
    if (right != NULL && right->largest_hole > largest) {
        largest = right->largest_hole;
    }
    assert(area->largest_hole == largest);
    return 1 + check_subtree(left, low, area->start) + check_subtree(right, area->end, high);
}

uint32_t area_tree_check(const struct area_tree *tree)
{
    const struct vm_area *prev = NULL;
    uint32_t areas = 0;

    for (const struct vm_area *area = tree->first; area != NULL; prev = area, area = area->next) {
        assert(area->prev == prev && area->hole == area_hole_in_front(area));
        assert(prev == NULL || area->start >= prev->end);
        areas++;
    }
    assert(tree->last == prev);
    assert(check_subtree(tree->rbh_root, USER_BASE, USER_END) == areas);
    return areas;
}

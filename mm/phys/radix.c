/* Radix tree (radix.h). Growing adds levels above the root, so inserting changes nothing that is
 * there; a failed insert removes the empty nodes it made on the way. */
#include "mm/phys/radix.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"
#include "mm/phys/kheap.h"

#define RADIX_BITS  6u
#define RADIX_SLOTS (1u << RADIX_BITS)

struct radix_node {
    uint32_t used;
    union {
        struct radix_node *child; /* inner levels */
        pfn_t pfn;                /* level 0      */
    } slot[RADIX_SLOTS];
};

static uint32_t slot_of(uint32_t index, uint32_t level)
{
    /* The analyser does not see that a path is never longer than its tree is high.
     * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    return (index >> (level * RADIX_BITS)) % RADIX_SLOTS;
}

/* Largest index a tree of this height can hold. */
static uint32_t reach(uint32_t height)
{
    return height == 0 ? 0 : (1u << (height * RADIX_BITS)) - 1u;
}

pfn_t radix_get(const struct radix *tree, uint32_t index)
{
    const struct radix_node *node = tree->root;

    if (node == NULL || index > reach(tree->height)) {
        return PFN_NONE;
    }
    for (uint32_t level = tree->height - 1; level > 0; level--) {
        node = node->slot[slot_of(index, level)].child;
        if (node == NULL) {
            return PFN_NONE;
        }
    }
    return node->slot[slot_of(index, 0)].pfn;
}

static struct radix_node *node_alloc(struct radix *tree)
{
    struct radix_node *node = kheap_zalloc(sizeof(*node));

    tree->nodes += node != NULL;
    return node;
}

static void node_free(struct radix *tree, struct radix_node *node)
{
    kheap_free(node, sizeof(*node));
    tree->nodes--;
}

uint32_t radix_node_frames(const struct radix *tree)
{
    return kheap_frames(sizeof(struct radix_node), tree->nodes);
}

/* Removes nodes without entries along the path to index, then levels that only lengthen it. */
static void prune(struct radix *tree, uint32_t index)
{
    struct radix_node *path[4];
    struct radix_node *node = tree->root;
    uint32_t depth = 0;

    for (uint32_t level = tree->height; level-- > 0 && node != NULL;) {
        path[depth++] = node;
        node = level > 0 ? node->slot[slot_of(index, level)].child : NULL;
    }
    while (depth > 0 && path[depth - 1]->used == 0) {
        struct radix_node *empty = path[--depth];
        node_free(tree, empty);
        if (depth == 0) {
            tree->root = NULL;
            tree->height = 0;
            return;
        }
        struct radix_node *parent = path[depth - 1];
        parent->slot[slot_of(index, tree->height - depth)].child = NULL;
        parent->used--;
    }
    while (tree->height > 1 && tree->root->used == 1 && tree->root->slot[0].child != NULL) {
        struct radix_node *top = tree->root;
        tree->root = top->slot[0].child;
        tree->height--;
        node_free(tree, top);
    }
}

/* Makes the tree high enough for index. An empty one gets its root at that height at once: nodes
 * exist on paths to pages only. */
static int grow(struct radix *tree, uint32_t index)
{
    while (tree->root == NULL || index > reach(tree->height)) {
        struct radix_node *node = node_alloc(tree);
        if (node == NULL) {
            return -ENOMEM;
        }
        tree->height++;
        if (tree->root != NULL) {
            node->slot[0].child = tree->root;
            node->used = 1;
        } else {
            while (index > reach(tree->height)) {
                tree->height++;
            }
        }
        tree->root = node;
    }
    return 0;
}

int radix_insert(struct radix *tree, uint32_t index, pfn_t pfn)
{
    if (index > RADIX_INDEX_MAX) {
        return -EFBIG;
    }
    int err = grow(tree, index);
    struct radix_node *node = tree->root;

    for (uint32_t level = tree->height; err == 0 && --level > 0;) {
        struct radix_node **child = &node->slot[slot_of(index, level)].child;
        if (*child == NULL) {
            *child = node_alloc(tree);
            if (*child == NULL) {
                err = -ENOMEM;
                break;
            }
            node->used++;
        }
        node = *child;
    }
    if (err != 0) {
        if (tree->root != NULL) {
            prune(tree, index <= reach(tree->height) ? index : 0);
        }
        return err;
    }
    assert(node->slot[slot_of(index, 0)].pfn == PFN_NONE);
    node->slot[slot_of(index, 0)].pfn = pfn;
    node->used++;
    tree->count++;
    return 0;
}

void radix_remove(struct radix *tree, uint32_t index)
{
    struct radix_node *node = tree->root;

    assert(node != NULL && index <= reach(tree->height));
    for (uint32_t level = tree->height - 1; level > 0; level--) {
        node = node->slot[slot_of(index, level)].child;
        assert(node != NULL);
    }
    assert(node->slot[slot_of(index, 0)].pfn != PFN_NONE);
    node->slot[slot_of(index, 0)].pfn = PFN_NONE;
    node->used--;
    tree->count--;
    prune(tree, index);
}

pfn_t radix_next(const struct radix *tree, uint32_t *index)
{
    uint32_t at = *index;

    while (tree->root != NULL && at <= reach(tree->height)) {
        const struct radix_node *node = tree->root;
        uint32_t level = tree->height - 1;
        while (level > 0 && node->slot[slot_of(at, level)].child != NULL) {
            node = node->slot[slot_of(at, level)].child;
            level--;
        }
        if (level == 0 && node->slot[slot_of(at, 0)].pfn != PFN_NONE) {
            *index = at;
            return node->slot[slot_of(at, 0)].pfn;
        }
        /* Nothing below this slot: go to the next slot of the same level. */
        uint32_t next = ((at >> (level * RADIX_BITS)) + 1u) << (level * RADIX_BITS);
        if (next <= at) {
            break;
        }
        at = next;
    }
    return PFN_NONE;
}

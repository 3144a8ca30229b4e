/*
 * A radix tree from page numbers to frame numbers: the index of an object's pages. Nodes have 64
 * slots and exist only on paths to pages, so an empty tree holds no memory. Lookup is at most four
 * steps for a 32-bit page number space of 2^24 pages (64 GiB).
 */
#ifndef MM_PHYS_RADIX_H
#define MM_PHYS_RADIX_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/compiler.h"

struct radix_node;

struct radix {
    struct radix_node *root;
    uint32_t height; /* levels; 0: empty */
    uint32_t count;  /* pages            */
    uint32_t nodes;
};

#define RADIX_INDEX_MAX 0xFFFFFFu

/* Returns the frame at index, or PFN_NONE. */
pfn_t radix_get(const struct radix *tree, uint32_t index);
/* Adds a page where there is none. Returns 0, -ENOMEM with the tree unchanged, or -EFBIG above
 * RADIX_INDEX_MAX. */
must_check int radix_insert(struct radix *tree, uint32_t index, pfn_t pfn);
/* Removes a page, which must exist, and frees nodes that become empty. */
void radix_remove(struct radix *tree, uint32_t index);
/* Returns how many frames of kernel memory the tree's nodes fill. */
uint32_t radix_node_frames(const struct radix *tree);
/* Finds the first page at or after *index: returns its frame and sets *index, or returns PFN_NONE. */
pfn_t radix_next(const struct radix *tree, uint32_t *index);

#endif

/*
 * Objects that find their pages by number: what the page cache of a file and shared anonymous
 * memory have in common.
 *
 * The index of a file holds no references. A page lives while it is mapped or pinned, and leaves
 * the index with its last reference (frame_cache_release in mm/phys/frame.h). The index of shared
 * anonymous memory holds one reference to each page, so its pages live as long as the object.
 */
#ifndef MM_PAGER_PAGE_INDEX_H
#define MM_PAGER_PAGE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "mm/phys/radix.h"
#include "mm/vm_object.h"

struct page_index {
    struct vm_object object; /* first: an object is its index */
    struct radix pages;
    bool holds_references; /* to each page */
};

static inline struct page_index *page_index_of(struct vm_object *obj)
{
    return container_of(obj, struct page_index, object);
}

/*
 * A pager's get_page: finds the page at `offset`, or allocates and adds it. fill writes the bytes
 * of a new page and returns 0 or a negative errno; NULL stands for zeros. Sets all of *out but
 * cause. Returns VM_FAULT_RESUME; an out-of-memory result; VM_FAULT_IO if fill failed or the index
 * cannot hold that page number (RADIX_INDEX_MAX). After a failure the index is unchanged.
 */
enum vm_fault_result page_index_get_page(struct vm_object *obj, uint64_t offset,
                                         int (*fill)(struct vm_object *obj, uint64_t offset,
                                                     pfn_t pfn),
                                         struct vm_page *out);
/* A pager's get_cached: the page at `offset` if the index has it. Sets pfn and is_cached. */
bool page_index_get_cached(struct vm_object *obj, uint64_t offset, struct vm_page *out);
/* Empties the index and drops its references. Pages that others still reference stay valid but are
 * no longer found. Lets others run meanwhile. */
void page_index_clear(struct page_index *index);

#endif

/*
 * What was written into files: the pages of a file that differ from what the file system holds. The
 * file owns them, mapped or not, until it is truncated or its last reference goes. Every mapping of the
 * file, read() and write() see the same frames, so there is nothing to keep coherent.
 *
 * Reads of a page that was never written come from the source's own bytes (vm_source_ops.read).
 */
#ifndef MM_PAGER_FILE_STORE_H
#define MM_PAGER_FILE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "mm/phys/radix.h"
#include "mm/vm_object.h"

/* The longest file: what the index of its pages reaches. */
#define VM_SOURCE_SIZE_MAX (((uint64_t)RADIX_INDEX_MAX + 1) << PAGE_SHIFT)

/* True once something was written or cut: reading the source's own bytes is no longer enough. */
static inline bool vm_source_is_changed(const struct vm_source *src)
{
    return src->is_changed;
}

/* The stored page at `offset`, with a reference for the caller; false: it was not written. Sets pfn,
 * is_cached and bytes_lost. */
bool vm_source_get_stored(struct vm_source *src, uint64_t offset, struct vm_page *out);

/* vm_source_read of a file that was changed. */
must_check int vm_source_read_slow(struct vm_source *src, uint64_t offset, void *to, uint32_t len);
/* Copies the bytes [offset, offset + len), len > 0, to kernel memory. All must lie inside the file. 0 or -EIO. */
must_check static inline int vm_source_read(struct vm_source *src, uint64_t offset, void *to,
                                            uint32_t len)
{
    return likely(!src->is_changed) ? src->ops->read(src, offset, to, len)
                                    : vm_source_read_slow(src, offset, to, len);
}

/*
 * vm_source_write: writes bytes that lie in one page of the file.
 *
 *   returns  0, with the file grown if they end past its end; -ENOSPC: the quota is used up, no frame
 *            is free, or so few (1/32 of all) that programs need them; -EIO
 */
must_check int vm_source_write(struct vm_source *src, uint64_t offset, const void *from,
                               uint32_t len);

/* Stores the page at `offset`, as a mapping is about to write it. 0; -ENOSPC: the quota is
 * used up; -ENOMEM. */
must_check int vm_source_keep(struct vm_source *src, uint64_t offset);

/* Sets the size, at most VM_SOURCE_SIZE_MAX. A longer file ends in zeros. Pages past a new end leave
 * the file and every mapping. Returns how many stored pages went. Lets others run meanwhile. */
uint32_t vm_source_truncate(struct vm_source *src, uint64_t size);
/* Frees every stored page: nobody maps the file any more. Returns how many there were. */
uint32_t vm_source_discard(struct vm_source *src);

/* Installs what takes pages, from number `first` on, out of all mappings of a file; mm/ knows no list
 * of address spaces. */
void vm_source_set_unmap(void (*unmap)(struct vm_source *src, uint32_t first));

#endif

/* One page of a file's bytes, for the pagers that read them. */
#ifndef MM_PAGER_SOURCE_PAGE_H
#define MM_PAGER_SOURCE_PAGE_H

#include <stdint.h>

#include "arch/pmap.h"
#include "lib/minmax.h"
#include "lib/string.h"
#include "mm/pager/file_store.h"
#include "mm/vm_object.h"

/* Reads the bytes [offset, offset + PAGE_SIZE) of a file into a frame, with zeros past the file's
 * end. Returns 0 or -EIO. */
static inline int source_read_page(struct vm_source *src, uint64_t offset, pfn_t pfn)
{
    uint64_t rest = offset < src->size ? src->size - offset : 0;
    uint32_t have = min_u32(clip_u32(rest), PAGE_SIZE);
    uint8_t *page = pmap_window_open(pfn);
    int err = have > 0 ? vm_source_read(src, offset, page, have) : 0;

    memset(page + have, 0, PAGE_SIZE - have);
    pmap_window_close(page);
    return err;
}

#endif

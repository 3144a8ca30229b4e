/*
 * Written pages of files (file_store.h). A stored page may also be in the index of the file's page
 * cache, if it was mapped before it was written: it is one frame, and this index holds a reference.
 */
#include "mm/pager/file_store.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/pmap.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/pager/page_index.h"
#include "mm/phys/frame.h"

static void (*unmap_pages)(struct vm_source *src, uint32_t first);

void vm_source_set_unmap(void (*unmap)(struct vm_source *src, uint32_t first))
{
    unmap_pages = unmap;
}

/* From the first change on the source's own bytes are not the file's any more. */
static void begin_change(struct vm_source *src)
{
    if (!src->is_changed) {
        src->is_changed = true;
        src->backed = src->size;
    }
}

static uint32_t page_number(uint64_t offset)
{
    return (uint32_t)(offset >> PAGE_SHIFT);
}

static uint32_t page_offset(uint64_t offset)
{
    return (uint32_t)offset & PAGE_OFFSET_MASK;
}

bool vm_source_get_stored(struct vm_source *src, uint64_t offset, struct vm_page *out)
{
    pfn_t pfn = radix_get(&src->stored, page_number(offset));

    if (pfn == PFN_NONE) {
        return false;
    }
    frame_ref(pfn);
    out->pfn = pfn;
    out->is_cached = true;
    out->bytes_lost = 0;
    return true;
}

/* ---- Reading ------------------------------------------------------------------------------------- */

/* The source's own bytes, with zeros behind them. */
static int read_backing(struct vm_source *src, uint64_t offset, uint8_t *to, uint32_t len)
{
    uint64_t rest = offset < src->backed ? src->backed - offset : 0;
    uint32_t have = rest < len ? (uint32_t)rest : len;
    int err = have > 0 ? src->ops->read(src, offset, to, have) : 0;

    memset(to + have, 0, len - have);
    return err;
}

static int read_piece(struct vm_source *src, uint64_t offset, uint8_t *to, uint32_t len)
{
    pfn_t pfn = radix_get(&src->stored, page_number(offset));

    if (pfn == PFN_NONE) {
        return read_backing(src, offset, to, len);
    }
    const uint8_t *page = pmap_window_open(pfn);

    memcpy(to, page + page_offset(offset), len);
    pmap_window_close((void *)(uintptr_t)page);
    return 0;
}

int vm_source_read_slow(struct vm_source *src, uint64_t offset, void *to, uint32_t len)
{
    uint8_t *at = to;
    int err = 0;

    if (offset > src->size || len > src->size - offset) {
        return -EIO; /* it was cut meanwhile */
    }
    while (err == 0 && len > 0) {
        uint32_t left = PAGE_SIZE - page_offset(offset);
        uint32_t n = len < left ? len : left;

        err = read_piece(src, offset, at, n);
        offset += n;
        at += n;
        len -= n;
    }
    return err;
}

/* ---- Writing ------------------------------------------------------------------------------------- */

/* The frame that maps show for a page that is not stored, with a reference; PFN_NONE: none does. */
static pfn_t take_cached(struct vm_source *src, uint64_t offset)
{
    struct vm_page page;

    if (src->object == NULL || !page_index_get_cached(src->object, offset, &page)) {
        return PFN_NONE;
    }
    return page.pfn;
}

/* A new frame with what the file holds at a page, with a reference. */
static int make_page(struct vm_source *src, uint64_t offset, pfn_t *out)
{
    pfn_t pfn = frame_alloc(FRAME_CACHE, 0);

    if (pfn == PFN_NONE) {
        return -ENOMEM;
    }
    frame_of(pfn)->object = NULL;
    uint8_t *page = pmap_window_open(pfn);
    int err = read_backing(src, offset, page, PAGE_SIZE);

    pmap_window_close(page);
    if (err != 0) {
        frame_unref(pfn);
        return err;
    }
    *out = pfn;
    return 0;
}

static bool is_full(const struct vm_source *src)
{
    const struct vm_quota *quota = src->quota;

    return quota != NULL && quota->max_pages != 0 && quota->pages >= quota->max_pages;
}

static void charge(struct vm_source *src, int32_t pages)
{
    if (src->quota != NULL) {
        src->quota->pages += (uint32_t)pages;
    }
}

/* Stores the page that begins at `offset`: the frame that maps show, or a new one. */
static int store_page(struct vm_source *src, uint64_t offset, pfn_t *out)
{
    int err = 0;

    if (is_full(src)) {
        return -ENOSPC;
    }
    *out = take_cached(src, offset);
    if (*out == PFN_NONE) {
        err = make_page(src, offset, out);
    }
    if (err != 0) {
        return err;
    }
    err = radix_insert(&src->stored, page_number(offset), *out);
    if (err != 0) {
        frame_unref(*out);
        return err;
    }
    charge(src, 1);
    return 0;
}

int vm_source_keep(struct vm_source *src, uint64_t offset)
{
    pfn_t pfn = radix_get(&src->stored, page_number(offset));

    begin_change(src);
    return pfn != PFN_NONE ? 0 : store_page(src, offset & ~(uint64_t)PAGE_OFFSET_MASK, &pfn);
}

static void zero_part(pfn_t pfn, uint32_t from, uint32_t to)
{
    uint8_t *page = pmap_window_open(pfn);

    memset(page + from, 0, to - from);
    pmap_window_close(page);
}

/* Bytes past the end that a mapping left in the last page must not show when the file grows. */
static void clear_tail(struct vm_source *src)
{
    pfn_t pfn = radix_get(&src->stored, page_number(src->size));

    if (pfn != PFN_NONE && page_offset(src->size) != 0) {
        zero_part(pfn, page_offset(src->size), PAGE_SIZE);
    }
}

/* A file must not take the memory that programs need to go on: killing cannot get it back. */
#define RESERVE_PART 32u /* of all frames */

static bool is_memory_short(void)
{
    return frame_free_count() < frame_total_count() / RESERVE_PART;
}

int vm_source_write(struct vm_source *src, uint64_t offset, const void *from, uint32_t len)
{
    begin_change(src);
    pfn_t pfn = radix_get(&src->stored, page_number(offset));

    if (pfn == PFN_NONE) {
        int err = is_memory_short() ? -ENOSPC
                                    : store_page(src, offset & ~(uint64_t)PAGE_OFFSET_MASK, &pfn);

        if (err != 0) {
            return err == -ENOMEM ? -ENOSPC : err;
        }
    }
    if (offset + len > src->size) {
        clear_tail(src);
        src->size = offset + len;
    }
    uint8_t *page = pmap_window_open(pfn);

    memcpy(page + page_offset(offset), from, len);
    pmap_window_close(page);
    return 0;
}

/* ---- Sizes --------------------------------------------------------------------------------------- */

/* Drops the stored pages from number `page` on. Returns how many. */
static uint32_t drop_stored(struct vm_source *src, uint32_t page)
{
    uint32_t dropped = 0, steps = 0;

    for (pfn_t pfn; (pfn = radix_next(&src->stored, &page)) != PFN_NONE; dropped++) {
        radix_remove(&src->stored, page);
        frame_unref(pfn);
        charge(src, -1);
        (void)preempt_step(&steps);
    }
    return dropped;
}

/* Pages past the end leave the index of mappings; who still has one keeps it. */
static void forget_cached(struct vm_source *src, uint32_t page)
{
    struct page_index *index = page_index_of(src->object);

    for (pfn_t pfn; (pfn = radix_next(&index->pages, &page)) != PFN_NONE;) {
        frame_of(pfn)->object = NULL;
        radix_remove(&index->pages, page);
    }
}

/* The part of the last page behind the new end reads as zeros, for those who map it too. */
static void clear_cut_part(struct vm_source *src)
{
    uint32_t from = page_offset(src->size);
    struct vm_page page;

    if (from == 0) {
        return;
    }
    if (vm_source_get_stored(src, src->size, &page) ||
        (src->object != NULL && page_index_get_cached(src->object, src->size, &page))) {
        zero_part(page.pfn, from, PAGE_SIZE);
        frame_unref(page.pfn);
    }
}

static uint32_t cut(struct vm_source *src, uint64_t size)
{
    uint32_t first = page_number(size + PAGE_SIZE - 1);

    src->size = size; /* first: from here on no fault brings a page past the end in */
    src->backed = src->backed < size ? src->backed : size;
    if (unmap_pages != NULL && src->object != NULL) {
        unmap_pages(src, first);
    }
    if (src->object != NULL) {
        forget_cached(src, first);
    }
    clear_cut_part(src);
    return drop_stored(src, first);
}

uint32_t vm_source_truncate(struct vm_source *src, uint64_t size)
{
    begin_change(src);
    if (size < src->size) {
        return cut(src, size);
    }
    clear_tail(src);
    src->size = size;
    return 0;
}

uint32_t vm_source_discard(struct vm_source *src)
{
    return drop_stored(src, 0);
}

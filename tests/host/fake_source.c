/* Written files for tests of fs/ and loader/ alone: their bytes in one piece of the heap. */
#include "tests/host/support.h"

#include <asm/errno.h>
#include <string.h>

#include "mm/pager/file_store.h"
#include "mm/phys/kheap.h"

/* Where the bytes are: the index that a real store has is not used. */
static uint8_t **bytes_of(struct vm_source *src)
{
    return (uint8_t **)(void *)&src->stored.root;
}

static int resize(struct vm_source *src, uint32_t pages)
{
    uint32_t old = src->stored.count;
    uint8_t *bytes = kheap_zalloc(pages * PAGE_SIZE);

    if (bytes == NULL) {
        return -ENOSPC;
    }
    if (old != 0) {
        memcpy(bytes, *bytes_of(src), (old < pages ? old : pages) * PAGE_SIZE);
        kheap_free(*bytes_of(src), old * PAGE_SIZE);
    }
    *bytes_of(src) = bytes;
    src->stored.count = pages;
    return 0;
}

static int begin_change(struct vm_source *src)
{
    if (src->is_changed) {
        return 0;
    }
    int err = resize(src, (uint32_t)(src->size / PAGE_SIZE) + 1);

    if (err == 0 && src->size > 0) {
        err = src->ops->read(src, 0, *bytes_of(src), (uint32_t)src->size);
    }
    src->is_changed = err == 0;
    return err;
}

int vm_source_read_slow(struct vm_source *src, uint64_t offset, void *to, uint32_t len)
{
    memcpy(to, *bytes_of(src) + offset, len);
    return 0;
}

int vm_source_write(struct vm_source *src, uint64_t offset, const void *from, uint32_t len)
{
    uint32_t pages = (uint32_t)((offset + len) / PAGE_SIZE) + 1;
    int err = begin_change(src);

    if (err == 0 && pages > src->stored.count) {
        err = resize(src, pages);
    }
    if (err != 0) {
        return err;
    }
    memcpy(*bytes_of(src) + offset, from, len);
    src->size = src->size < offset + len ? offset + len : src->size;
    return 0;
}

uint32_t vm_source_truncate(struct vm_source *src, uint64_t size)
{
    uint32_t pages = (uint32_t)(size / PAGE_SIZE) + 1;

    assert_int_equal(begin_change(src), 0);
    if (size < src->size) {
        memset(*bytes_of(src) + size, 0, src->size - size);
    }
    if (pages > src->stored.count) {
        assert_int_equal(resize(src, pages), 0);
    }
    src->size = size;
    return 0;
}

uint32_t vm_source_discard(struct vm_source *src)
{
    if (src->stored.count != 0) {
        kheap_free(*bytes_of(src), src->stored.count * PAGE_SIZE);
    }
    return 0;
}

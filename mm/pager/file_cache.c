/* The page cache of a file (file_cache.h). */
#include "mm/pager/file_cache.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/addr.h"
#include "mm/pager/file_store.h"
#include "mm/pager/page_index.h"
#include "mm/pager/source_page.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"

struct file_cache {
    struct page_index index; /* first, and in it the object */
    struct vm_source *source;
};

static struct file_cache *file_cache_of(struct vm_object *obj)
{
    return container_of(page_index_of(obj), struct file_cache, index);
}

static int file_fill(struct vm_object *obj, uint64_t offset, pfn_t pfn)
{
    return source_read_page(file_cache_of(obj)->source, offset, pfn);
}

static enum vm_fault_result file_get_page(struct vm_object *obj, uint64_t offset,
                                          struct vm_page *out)
{
    uint64_t page = offset & ~(uint64_t)PAGE_OFFSET_MASK;

    out->cause = VM_CAUSE_FILE_IN;
    if (page >= file_cache_of(obj)->source->size) {
        return VM_FAULT_IO;
    }
    if (vm_source_get_stored(file_cache_of(obj)->source, page, out)) {
        return VM_FAULT_RESUME;
    }
    return page_index_get_page(obj, page, file_fill, out);
}

static enum vm_fault_result file_keep_written(struct vm_object *obj, uint64_t offset)
{
    int err = vm_source_keep(file_cache_of(obj)->source, offset);

    if (err == -ENOMEM) {
        return vm_fault_of_refusal(FRAME_LOW);
    }
    return err == 0 ? VM_FAULT_RESUME : VM_FAULT_IO; /* the file system is full: SIGBUS */
}

static bool file_get_cached(struct vm_object *obj, uint64_t offset, struct vm_page *out)
{
    return vm_source_get_stored(file_cache_of(obj)->source, offset, out) ||
           page_index_get_cached(obj, offset, out);
}

static void file_destroy(struct vm_object *obj)
{
    struct file_cache *cache = file_cache_of(obj);
    struct vm_source *src = cache->source;

    src->object = NULL; /* first: clearing lets others run, and they must not find it */
    page_index_clear(&cache->index);
    src->ops->unref(src);
    kheap_free(cache, sizeof(*cache));
}

static const char *file_describe(struct vm_object *obj)
{
    struct vm_source *src = file_cache_of(obj)->source;

    return src->ops->name(src);
}

static const struct vm_pager file_pager = {
    .name = "file",
    .get_page = file_get_page,
    .get_cached = file_get_cached,
    .keep_written = file_keep_written,
    .destroy = file_destroy,
    .describe = file_describe,
};

struct vm_object *vm_object_of_file(struct vm_source *src)
{
    if (src->object != NULL) {
        vm_object_ref(src->object);
        return src->object;
    }
    struct file_cache *cache = kheap_zalloc(sizeof(*cache));

    if (cache == NULL) {
        return NULL;
    }
    vm_object_init(&cache->index.object, &file_pager);
    cache->source = src;
    src->ops->ref(src);
    src->object = &cache->index.object;
    return src->object;
}

/*
 * Objects and the pagers of mm/.
 *
 * Three kinds live here. The page cache of a file: frames are shared by all who map the file, the
 * index holds no reference of its own, so a cached page lives while it is mapped or pinned and its
 * frame leaves the index with the last reference (contract V9). Shared anonymous memory: the index
 * does hold a reference, pages stay until the object goes. File copies (the teaching interface):
 * no index at all, every page is the faulting map's own.
 */
#include "mm/vm_object.h"

#include <asm/errno.h>
#include <stddef.h>

#include "arch/pmap.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/commit_charge.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"
#include "mm/phys/radix.h"

uint32_t vm_object_changes;

/* ---- References ------------------------------------------------------------------------------- */

void vm_object_init(struct vm_object *obj, const struct vm_pager *pager)
{
    obj->pager = pager;
    obj->refs = 1;
}

void vm_object_ref(struct vm_object *obj)
{
    assert(obj->refs > 0);
    obj->refs++;
    vm_object_changes++;
}

void vm_object_unref(struct vm_object *obj)
{
    if (obj == NULL) {
        return;
    }
    assert(obj->refs > 0);
    vm_object_changes++;
    if (--obj->refs == 0) {
        obj->pager->destroy(obj);
    }
}

/* ---- Objects with an index -------------------------------------------------------------------- */

struct vm_cache {
    struct vm_object object; /* first */
    struct radix pages;
    struct vm_source *source; /* files; NULL for shared anonymous memory */
    uint32_t n_pages;         /* shared anonymous memory's size          */
    uint32_t committed_pages; /* ... and promise                         */
    uint32_t holders;         /* maps with an area of it, in the count `census`       */
    uint64_t census, turn;    /* marks: the last count, and whose turn was the last   */
};

static struct vm_cache *cache_of(struct vm_object *obj)
{
    return (struct vm_cache *)(void *)obj;
}

/* A CACHE frame lost its last reference. Only weak indexes (files) see this: shared anonymous
 * memory takes its pages out first. */
void frame_cache_release(struct frame *f)
{
    if (f->object != NULL) {
        radix_remove(&cache_of(f->object)->pages, f->index);
        f->object = NULL;
    }
}

/* Bytes [offset, offset + PAGE_SIZE) of a file into a frame, zeros past its end. */
static int frame_fill_from(struct vm_source *src, uint64_t offset, pfn_t pfn)
{
    uint64_t rest = offset < src->size ? src->size - offset : 0;
    uint32_t have = rest < PAGE_SIZE ? (uint32_t)rest : PAGE_SIZE;
    uint8_t *page = pmap_window_open(pfn);
    int err = have > 0 ? src->ops->read(src, offset, page, have) : 0;

    memset(page + have, 0, PAGE_SIZE - have);
    pmap_window_close(page);
    return err;
}

/* Enters a frame into the index; a frame that it refuses is freed. VM_FAULT_IO: the index does not
 * reach that far, which no memory cures. */
static enum vm_fault_result cache_add(struct vm_cache *cache, uint64_t offset, pfn_t pfn)
{
    uint32_t page = (uint32_t)(offset >> PAGE_SHIFT);
    int err = radix_insert(&cache->pages, page, pfn);

    if (err != 0) {
        enum vm_fault_result result = err == -ENOMEM ? vm_fault_of_refusal(FRAME_LOW) : VM_FAULT_IO;

        frame_unref(pfn);
        return result;
    }
    frame_of(pfn)->object = &cache->object;
    frame_of(pfn)->index = page;
    return VM_FAULT_RESUME;
}

static bool cache_get_cached(struct vm_object *obj, uint64_t offset, struct vm_page *out)
{
    pfn_t pfn = radix_get(&cache_of(obj)->pages, (uint32_t)(offset >> PAGE_SHIFT));

    if (pfn == PFN_NONE) {
        return false;
    }
    frame_ref(pfn);
    out->pfn = pfn;
    out->is_cached = true;
    return true;
}

/* ---- File page cache -------------------------------------------------------------------------- */

static enum vm_fault_result file_get_page(struct vm_object *obj, uint64_t offset,
                                          struct vm_page *out)
{
    struct vm_cache *cache = cache_of(obj);
    uint64_t at = offset & ~(uint64_t)PAGE_OFFSET_MASK;

    out->cause = VM_CAUSE_FILE_IN;
    out->bytes_lost = 0;
    if (at >= cache->source->size) {
        return VM_FAULT_IO;
    }
    if (cache_get_cached(obj, offset, out)) {
        return VM_FAULT_RESUME;
    }
    pfn_t pfn = frame_alloc(FRAME_CACHE, 0);

    if (pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    frame_of(pfn)->object = NULL;
    if (frame_fill_from(cache->source, at, pfn) != 0) {
        frame_unref(pfn);
        return VM_FAULT_IO;
    }
    out->pfn = pfn;
    out->is_cached = true;
    return cache_add(cache, at, pfn);
}

static void file_destroy(struct vm_object *obj)
{
    struct vm_cache *cache = cache_of(obj);

    /* A frame that outlives every mapping of its file (kept by a private copy's reference) stays
     * valid; it only stops being findable. */
    uint32_t index = 0, steps = 0;
    cache->source->object = NULL; /* first: nobody else shall find it in the meantime */
    for (pfn_t pfn; (pfn = radix_next(&cache->pages, &index)) != PFN_NONE;) {
        frame_of(pfn)->object = NULL;
        radix_remove(&cache->pages, index);
        (void)preempt_step(&steps);
    }
    cache->source->ops->unref(cache->source);
    kheap_free(cache, sizeof(*cache));
}

static const char *file_describe(struct vm_object *obj)
{
    struct vm_source *src = cache_of(obj)->source;

    return src->ops->name(src);
}

static const struct vm_pager file_pager = {
    .name = "file",
    .get_page = file_get_page,
    .get_cached = cache_get_cached,
    .destroy = file_destroy,
    .describe = file_describe,
};

static struct vm_cache *cache_create(const struct vm_pager *pager, struct vm_source *src)
{
    struct vm_cache *cache = kheap_zalloc(sizeof(*cache));

    if (cache != NULL) {
        vm_object_init(&cache->object, pager);
        cache->source = src;
    }
    return cache;
}

struct vm_object *vm_object_of_file(struct vm_source *src)
{
    if (src->object != NULL) {
        vm_object_ref(src->object);
        return src->object;
    }
    struct vm_cache *cache = cache_create(&file_pager, src);

    if (cache == NULL) {
        return NULL;
    }
    src->ops->ref(src);
    src->object = &cache->object;
    return &cache->object;
}

/* ---- Shared anonymous memory ------------------------------------------------------------------ */

static enum vm_fault_result shared_get_page(struct vm_object *obj, uint64_t offset,
                                            struct vm_page *out)
{
    out->cause = VM_CAUSE_DEMAND_ZERO;
    out->bytes_lost = 0;
    if (offset >> PAGE_SHIFT >= cache_of(obj)->n_pages) {
        return VM_FAULT_IO;
    }
    if (cache_get_cached(obj, offset, out)) {
        return VM_FAULT_RESUME;
    }
    pfn_t pfn = frame_alloc(FRAME_CACHE, FRAME_ZEROED);

    if (pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    frame_of(pfn)->object = NULL;
    enum vm_fault_result result = cache_add(cache_of(obj), offset, pfn);

    if (result == VM_FAULT_RESUME) {
        frame_ref(pfn); /* the index's own */
        out->pfn = pfn;
        out->is_cached = true;
    }
    return result;
}

static void shared_destroy(struct vm_object *obj)
{
    struct vm_cache *cache = cache_of(obj);
    uint32_t index = 0, steps = 0;

    for (pfn_t pfn; (pfn = radix_next(&cache->pages, &index)) != PFN_NONE;) {
        frame_of(pfn)->object = NULL;
        radix_remove(&cache->pages, index);
        frame_unref(pfn);
        (void)preempt_step(&steps);
    }
    commit_add(-(int32_t)cache->committed_pages);
    kheap_free(cache, sizeof(*cache));
}

static const char *shared_describe(struct vm_object *obj)
{
    (void)obj;
    return "/dev/zero (shared)";
}

static const struct vm_pager shared_anon_pager = {
    .name = "shared-anon",
    .get_page = shared_get_page,
    .get_cached = cache_get_cached,
    .destroy = shared_destroy,
    .describe = shared_describe,
};

uint64_t vm_object_new_mark(void)
{
    static uint64_t last;

    return ++last;
}

void vm_object_count_holder(struct vm_object *obj, uint64_t census, uint64_t turn)
{
    struct vm_cache *cache = cache_of(obj);

    if (obj->pager != &shared_anon_pager || cache->turn == turn) {
        return;
    }
    if (cache->census != census) {
        cache->census = census;
        cache->holders = 0;
    }
    cache->turn = turn;
    cache->holders++;
}

struct vm_object_part vm_object_part(struct vm_object *obj, uint64_t turn)
{
    struct vm_cache *cache = cache_of(obj);

    if (obj->pager != &shared_anon_pager || cache->turn == turn) {
        return (struct vm_object_part){0, 0};
    }
    cache->turn = turn;
    uint32_t holders = cache->holders != 0 ? cache->holders : 1; /* not counted yet */

    return (struct vm_object_part){
        .pages = cache->pages.count / holders,
        .nodes = radix_node_frames(&cache->pages) / holders,
    };
}

struct vm_object *vm_object_shared_anon(uint32_t pages, bool no_reserve)
{
    uint32_t promised = no_reserve && !commit_counts_no_reserve() ? 0 : pages;

    if (promised != 0 && commit_check(promised) != 0) {
        return NULL;
    }
    struct vm_cache *cache = cache_create(&shared_anon_pager, NULL);

    if (cache == NULL) {
        return NULL;
    }
    cache->n_pages = pages;
    cache->committed_pages = promised;
    commit_add((int32_t)promised);
    return &cache->object;
}

/* ---- File copies (teaching areas) ------------------------------------------------------------- */

static struct vm_source *source_of(struct vm_object *obj)
{
    return container_of(obj, struct vm_source, copies);
}

static enum vm_fault_result copy_get_page(struct vm_object *obj, uint64_t offset,
                                          struct vm_page *out)
{
    struct vm_source *src = source_of(obj);
    pfn_t pfn = frame_alloc(FRAME_USER, 0);

    if (pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    if (frame_fill_from(src, offset, pfn) != 0) {
        frame_unref(pfn);
        return VM_FAULT_IO;
    }
    out->pfn = pfn;
    out->is_cached = false;
    out->bytes_lost = 0;
    out->cause = offset < src->size ? VM_CAUSE_FILE_IN : VM_CAUSE_DEMAND_ZERO;
    return VM_FAULT_RESUME;
}

static void copy_destroy(struct vm_object *obj)
{
    struct vm_source *src = source_of(obj);

    src->ops->unref(src);
}

static const char *copy_describe(struct vm_object *obj)
{
    struct vm_source *src = source_of(obj);

    return src->ops->name(src);
}

static const struct vm_pager file_copy_pager = {
    .name = "file-copy",
    .get_page = copy_get_page,
    .destroy = copy_destroy,
    .describe = copy_describe,
};

struct vm_object *vm_object_file_copy(struct vm_source *src)
{
    if (src->copies.refs > 0) {
        vm_object_ref(&src->copies);
    } else {
        vm_object_init(&src->copies, &file_copy_pager);
        src->ops->ref(src);
    }
    return &src->copies;
}

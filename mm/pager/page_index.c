/* The index of an object's pages: a radix tree from page numbers to frames (page_index.h). */
#include "mm/pager/page_index.h"

#include <asm/errno.h>
#include <stddef.h>

#include "lib/preempt.h"
#include "mm/phys/frame.h"
#include "sync/lock.h"

/* Only the frames of an index without references get here: any other loses its last reference after
 * page_index_clear has taken it out. */
void frame_cache_release(struct frame *f)
{
    struct vm_object *obj = f->object;

    if (obj != NULL) {
        lock_acquire(&obj->lock);
        radix_remove(&page_index_of(obj)->pages, f->index);
        f->object = NULL;
        lock_release(&obj->lock);
    }
}

bool page_index_get_cached(struct vm_object *obj, uint64_t offset, struct vm_page *out)
{
    lock_acquire(&obj->lock);
    pfn_t pfn = radix_get(&page_index_of(obj)->pages, (uint32_t)(offset >> PAGE_SHIFT));

    if (pfn != PFN_NONE) {
        frame_ref(pfn);
    }
    lock_release(&obj->lock);
    if (pfn == PFN_NONE) {
        return false;
    }
    out->pfn = pfn;
    out->is_cached = true;
    return true;
}

/* Adds a new page; frees the frame if the index cannot hold it. */
static enum vm_fault_result add_page_locked(struct page_index *index, uint64_t offset, pfn_t pfn)
{
    uint32_t page = (uint32_t)(offset >> PAGE_SHIFT);

    lock_assert_held(&index->object.lock);
    int err = radix_insert(&index->pages, page, pfn);

    if (err != 0) {
        enum vm_fault_result result = err == -ENOMEM ? vm_fault_of_refusal(FRAME_LOW) : VM_FAULT_IO;

        frame_unref(pfn);
        return result;
    }
    frame_of(pfn)->object = &index->object;
    frame_of(pfn)->index = page;
    if (index->holds_references) {
        frame_ref(pfn);
    }
    return VM_FAULT_RESUME;
}

enum vm_fault_result page_index_get_page(struct vm_object *obj, uint64_t offset,
                                         int (*fill)(struct vm_object *obj, uint64_t offset,
                                                     pfn_t pfn),
                                         struct vm_page *out)
{
    out->bytes_lost = 0;
    if (page_index_get_cached(obj, offset, out)) {
        return VM_FAULT_RESUME;
    }
    pfn_t pfn = frame_alloc(FRAME_CACHE, fill != NULL ? 0 : FRAME_ZEROED);

    if (pfn == PFN_NONE) {
        return vm_fault_of_refusal(0);
    }
    frame_of(pfn)->object = NULL;
    if (fill != NULL && fill(obj, offset, pfn) != 0) {
        frame_unref(pfn);
        return VM_FAULT_IO;
    }
    out->pfn = pfn;
    out->is_cached = true;
    lock_acquire(&obj->lock);
    enum vm_fault_result result = add_page_locked(page_index_of(obj), offset, pfn);

    lock_release(&obj->lock);
    return result;
}

/* Takes the first page from *page on out of the index. Returns false if there is none. */
static inline bool remove_page_locked(struct page_index *index, uint32_t *page)
{
    pfn_t pfn = radix_next(&index->pages, page);

    lock_assert_held(&index->object.lock);
    if (pfn == PFN_NONE) {
        return false;
    }
    frame_of(pfn)->object = NULL;
    radix_remove(&index->pages, *page);
    if (index->holds_references) {
        frame_unref(pfn);
    }
    return true;
}

void page_index_clear(struct page_index *index)
{
    uint32_t page = 0, steps = 0;

    lock_acquire(&index->object.lock);
    while (remove_page_locked(index, &page)) {
        lock_release(&index->object.lock); /* others drop pages of this object meanwhile */
        (void)preempt_step(&steps);
        lock_acquire(&index->object.lock);
    }
    lock_release(&index->object.lock);
}

/* Shared anonymous memory (shared_anon.h). */
#include "mm/pager/shared_anon.h"

#include <stddef.h>

#include "lib/addr.h"
#include "mm/commit_charge.h"
#include "mm/pager/page_index.h"
#include "mm/phys/kheap.h"

struct shared_anon {
    struct page_index index; /* first, and in it the object */
    uint32_t n_pages;
    uint32_t charged_pages;
    uint32_t holders;      /* maps with an area of it, in the count `census` */
    uint64_t census, turn; /* marks: the last count, and whose turn was last */
};

static struct shared_anon *shared_anon_of(struct vm_object *obj)
{
    return container_of(page_index_of(obj), struct shared_anon, index);
}

static enum vm_fault_result shared_get_page(struct vm_object *obj, uint64_t offset,
                                            struct vm_page *out)
{
    out->cause = VM_CAUSE_DEMAND_ZERO;
    if (offset >> PAGE_SHIFT >= shared_anon_of(obj)->n_pages) {
        return VM_FAULT_IO;
    }
    return page_index_get_page(obj, offset, NULL, out);
}

static void shared_destroy(struct vm_object *obj)
{
    struct shared_anon *shared = shared_anon_of(obj);

    page_index_clear(&shared->index);
    commit_add(-(int32_t)shared->charged_pages);
    kheap_free(shared, sizeof(*shared));
}

static const char *shared_describe(struct vm_object *obj)
{
    (void)obj;
    return "/dev/zero (shared)";
}

static void shared_count_holder(struct vm_object *obj, uint64_t census, uint64_t turn)
{
    struct shared_anon *shared = shared_anon_of(obj);

    if (shared->turn == turn) {
        return;
    }
    if (shared->census != census) {
        shared->census = census;
        shared->holders = 0;
    }
    shared->turn = turn;
    shared->holders++;
}

static struct vm_object_part shared_part(struct vm_object *obj, uint64_t turn)
{
    struct shared_anon *shared = shared_anon_of(obj);

    if (shared->turn == turn) {
        return (struct vm_object_part){0, 0};
    }
    shared->turn = turn;
    uint32_t holders = shared->holders != 0 ? shared->holders : 1; /* not counted yet */

    return (struct vm_object_part){
        .pages = shared->index.pages.count / holders,
        .nodes = radix_node_frames(&shared->index.pages) / holders,
    };
}

static const struct vm_pager shared_anon_pager = {
    .name = "shared-anon",
    .get_page = shared_get_page,
    .get_cached = page_index_get_cached,
    .destroy = shared_destroy,
    .describe = shared_describe,
    .count_holder = shared_count_holder,
    .part = shared_part,
};

struct vm_object *vm_object_shared_anon(uint32_t pages, bool no_reserve)
{
    uint32_t charged = no_reserve && !commit_counts_no_reserve() ? 0 : pages;

    if (charged != 0 && commit_check(charged) != 0) {
        return NULL;
    }
    struct shared_anon *shared = kheap_zalloc(sizeof(*shared));

    if (shared == NULL) {
        return NULL;
    }
    vm_object_init(&shared->index.object, &shared_anon_pager);
    shared->index.holds_references = true;
    shared->n_pages = pages;
    shared->charged_pages = charged;
    commit_add((int32_t)charged);
    return &shared->index.object;
}

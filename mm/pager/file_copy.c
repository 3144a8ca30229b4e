/* Private copies of a file's bytes (file_copy.h). */
#include "mm/pager/file_copy.h"

#include <stddef.h>

#include "mm/pager/source_page.h"
#include "mm/phys/frame.h"

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
    if (source_read_page(src, offset, pfn) != 0) {
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

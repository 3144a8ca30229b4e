/* Objects for tests of fs/ alone: a file's and shared anonymous memory, made without pages. */
#include "tests/host/support.h"

#include "mm/pager/file_cache.h"
#include "mm/pager/shared_anon.h"
#include "mm/phys/kheap.h"

static void destroy(struct vm_object *obj)
{
    kheap_free(obj, sizeof(*obj));
}

static const struct vm_pager fake_pager = {.name = "fake", .destroy = destroy};

static struct vm_object *make_object(void)
{
    struct vm_object *obj = kheap_alloc(sizeof(*obj));
    if (obj != NULL) {
        *obj = (struct vm_object){.pager = &fake_pager, .refs = 1};
    }
    return obj;
}

struct vm_object *vm_object_of_file(struct vm_source *src)
{
    (void)src;
    return make_object();
}

struct vm_object *vm_object_shared_anon(uint32_t pages, bool no_reserve)
{
    (void)pages;
    (void)no_reserve;
    return make_object();
}

void vm_object_unref(struct vm_object *obj)
{
    if (obj != NULL && --obj->refs == 0) {
        obj->pager->destroy(obj);
    }
}

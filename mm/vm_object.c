/* References to objects, and who holds the memory of a shared one. The pagers are in mm/pager/. */
#include "mm/vm_object.h"

#include <stddef.h>

#include "lib/assert.h"

uint32_t vm_object_changes;

void vm_object_init(struct vm_object *obj, const struct vm_pager *pager)
{
    obj->pager = pager;
    obj->refs = 1;
    lock_init(&obj->lock, LOCK_OBJECT);
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

uint64_t vm_object_new_mark(void)
{
    static uint64_t last;

    return ++last;
}

void vm_object_count_holder(struct vm_object *obj, uint64_t census, uint64_t turn)
{
    if (obj->pager->count_holder != NULL) {
        obj->pager->count_holder(obj, census, turn);
    }
}

struct vm_object_part vm_object_part(struct vm_object *obj, uint64_t turn)
{
    if (obj->pager->part == NULL) {
        return (struct vm_object_part){0, 0};
    }
    return obj->pager->part(obj, turn);
}

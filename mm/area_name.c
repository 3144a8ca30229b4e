/* What areas are called (area_name.h). */
#include "mm/area_name.h"

#include "abi/faultline.h"
#include "lib/string.h"
#include "mm/vm_map.h"

const char *area_kind_word(const struct vm_area_info *area)
{
    if (area->account >= VM_ACCOUNT_FIRST_SEGMENT) {
        return "image";
    }
    if (area->account == FL_ACCOUNT_STACK) {
        return "stack";
    }
    if (area->account == FL_ACCOUNT_HEAP) {
        return "heap";
    }
    return area->is_anonymous ? "anonymous" : "file";
}

void area_name(struct vm_map *map, const struct vm_area_info *area, char *buf, uint32_t size)
{
    if (area->account == FL_ACCOUNT_STACK) {
        (void)strlcpy(buf, "[stack]", size);
    } else if (area->account == FL_ACCOUNT_HEAP) {
        (void)strlcpy(buf, "[heap]", size);
    } else {
        vm_map_area_name(map, area->range.start, buf, size);
    }
}

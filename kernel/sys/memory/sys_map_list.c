/* map_list: lists the areas of an address space. */
#include <asm/errno.h>

#include "abi/faultline.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "mm/area_name.h"
#include "mm/vm_map.h"

static struct fl_map_area describe_area(struct vm_map *map, const struct vm_area_info *area)
{
    struct fl_map_area out = {
        .start = area->range.start.raw,
        .end = area->range.end.raw,
        .prot = area->prot,
        .kind = area->account < VM_ACCOUNT_FIRST_SEGMENT ? area->account : FL_ACCOUNT_SEGMENT,
        .shared = (area->flags & VM_SHARED) != 0,
        .offset_low = (uint32_t)area->offset,
    };

    area_name(map, area, out.name, sizeof(out.name));
    return out;
}

/* Returns the map of a process, or NULL if it has none. pid 0 is the caller. */
static struct vm_map *map_of(struct process *self, int pid)
{
    const struct process *of = pid == 0 ? self : process_find(pid);

    return of == NULL ? NULL : of->memory.map;
}

#define COUNT_STEP (8u << 20) /* bytes whose pages are counted between two preemption points */

/* Counts the resident pages of a range. Others run meanwhile, so it looks the map up again each
 * time. */
static uint32_t count_resident(struct process *self, int pid, struct vrange range)
{
    uint32_t pages = 0;

    for (uint32_t at = range.start.raw, next; at < range.end.raw; at = next) {
        struct vm_map *map = map_of(self, pid);

        if (map == NULL) {
            break;
        }
        next = at + min_u32(range.end.raw - at, COUNT_STEP);
        pages += vm_map_resident(map, vrange(at, next));
        if (next < range.end.raw) {
            (void)preempt_point();
        }
    }
    return pages;
}

/* Lists the areas by ascending address. The map may change meanwhile; each area is described as it
 * is when the list reaches it. */
static long list_areas(struct process *self, int pid, uint32_t user, uint32_t max)
{
    struct vm_area_info area;
    struct vm_map *map;
    uint32_t n = 0, steps = 0;

    for (uint32_t at = 0; n < max && (map = map_of(self, pid)) != NULL &&
                          vm_map_area_at_or_above(map, vaddr(at), &area);
         n++) {
        struct fl_map_area out = describe_area(map, &area);

        out.resident = count_resident(self, pid, area.range);
        int err = copy_to_user(user + n * (uint32_t)sizeof(out), &out, sizeof(out));

        if (err != 0) {
            return err;
        }
        if (preempt_step(&steps)) {
            return -EINTR;
        }
        at = area.range.end.raw;
    }
    return (long)n;
}

/* A zombie has no areas. */
long sys_map_list(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];

    if (pid != 0 && process_find(pid) == NULL) {
        return -ESRCH;
    }
    return list_areas(self, pid, args->arg[1], args->arg[2]);
}

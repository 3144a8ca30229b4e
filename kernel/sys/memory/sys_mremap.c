/* mremap: shrinks, grows in place, or moves a mapping. */
#include <asm/errno.h>
#include <linux/mman.h>

#include "kernel/proc/process.h"
#include "kernel/sys/memory/sys_impl.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "mm/vm_map.h"

struct mremap_request {
    uint32_t addr, old_len, new_len, flags, new_addr;
};

/* Unmaps the old range beyond the new length, and cuts old_len to it. */
static int cut_old_range(struct vm_map *map, struct mremap_request *req)
{
    uint32_t end = req->addr + req->old_len;

    if (req->old_len <= req->new_len) {
        return 0;
    }
    if (end < req->addr || end > USER_END) {
        return -EINVAL;
    }
    req->old_len = req->new_len;
    return vm_map_remove(map, vrange(req->addr + req->new_len, end));
}

/* Moves the mapping; if the old length is 0, maps the same memory a second time. */
static long move_mapping(struct vm_map *map, const struct mremap_request *req, uint32_t to)
{
    struct vrange new_range = vrange(to, to + req->new_len);
    int err = req->old_len == 0
                  ? vm_map_duplicate(map, vaddr(req->addr), new_range)
                  : vm_map_move(map, vrange(req->addr, req->addr + req->old_len), new_range);

    return err == 0 ? (long)to : err;
}

/* Checks that [addr, addr + old_len) lies in one area, and sets *area_end to the end of that. */
static int check_resize(struct vm_map *map, const struct mremap_request *req, uint32_t *area_end)
{
    struct vm_area_info area;

    if (!vm_map_area_of(map, vaddr(req->addr), &area)) {
        return -EFAULT;
    }
    if (req->old_len == 0 && !(area.flags & VM_SHARED)) {
        return -EINVAL;
    }
    *area_end = area.range.end.raw;
    return req->old_len > *area_end - req->addr ? -EFAULT : 0;
}

/* Linux's order: unmaps the destination first, and only then looks at what is mapped at addr,
 * because that may have been part of it. */
static long move_to_fixed_place(struct vm_map *map, struct mremap_request *req)
{
    uint32_t area_end;

    if (!is_page_aligned(req->new_addr) || !is_user_range(req->new_addr, req->new_len) ||
        (req->addr + req->old_len > req->new_addr && req->new_addr + req->new_len > req->addr)) {
        return -EINVAL;
    }
    if (req->new_addr < USER_BASE) {
        return -EPERM;
    }
    int err = vm_map_remove(map, vrange(req->new_addr, req->new_addr + req->new_len));

    if (err == 0) {
        err = cut_old_range(map, req);
    }
    if (err == 0) {
        err = check_resize(map, req, &area_end);
    }
    return err == 0 ? move_mapping(map, req, req->new_addr) : err;
}

/* Grows the mapping in place, or moves it if that is allowed. */
static long grow_mapping(struct vm_map *map, const struct mremap_request *req)
{
    uint32_t area_end, end = req->addr + req->old_len;
    int err = check_resize(map, req, &area_end);

    if (err != 0) {
        return err;
    }
    if (end == area_end && is_user_range(req->addr, req->new_len) &&
        req->addr + req->new_len <= VM_STACK_GUARD_FLOOR) {
        err = vm_map_grow_up(map, vaddr(end), vaddr(req->addr + req->new_len));
        if (err != -EEXIST) {
            return err == 0 ? (long)req->addr : err;
        }
    }
    if (!(req->flags & MREMAP_MAYMOVE)) {
        return -ENOMEM;
    }
    vaddr_t to;

    err = sys_choose_place(map, 0, req->new_len, &to);
    return err != 0 ? err : move_mapping(map, req, to.raw);
}

long sys_mremap(struct process *self, const struct syscall_args *args)
{
    struct mremap_request req = {
        .addr = args->arg[0], .flags = args->arg[3], .new_addr = args->arg[4]};

    if ((req.flags & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
        ((req.flags & MREMAP_FIXED) && !(req.flags & MREMAP_MAYMOVE)) ||
        !is_page_aligned(req.addr)) {
        return -EINVAL;
    }
    req.old_len = page_ceil(args->arg[1]);
    req.new_len = page_ceil(args->arg[2]);
    if (req.new_len == 0) {
        return -EINVAL;
    }
    struct vm_area_info area;

    if (!vm_map_area_of(self->memory.map, vaddr(req.addr), &area)) {
        return -EFAULT;
    }
    if (req.flags & MREMAP_FIXED) {
        return area.flags & VM_TEACHING ? -EFAULT : move_to_fixed_place(self->memory.map, &req);
    }
    if (req.old_len >= req.new_len) {
        int err = cut_old_range(self->memory.map, &req);

        return err == 0 ? (long)req.addr : err;
    }
    if (area.flags & VM_TEACHING) {
        return -EFAULT; /* a teaching area never moves */
    }
    return grow_mapping(self->memory.map, &req);
}

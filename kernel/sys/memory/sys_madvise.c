/*
 * Advice and questions about ranges that are mapped already: madvise, mincore, msync, mlock and
 * munlock.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "kernel/proc/process.h"
#include "kernel/sys/memory/sys_impl.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "mm/vm_map.h"

/* Computes the end of a page-aligned start and a length in bytes, rounded up to pages. Returns
 * false if it wraps. As on Linux, a length that itself wraps counts as 0. */
static bool span_end(uint32_t start, uint32_t len, uint32_t *end)
{
    *end = start + page_ceil(len);
    return *end >= start;
}

/* Returns true if every page of [start, end) belongs to an area; false also if the caller is being
 * killed. */
static bool is_all_mapped(struct vm_map *map, uint32_t start, uint32_t end)
{
    struct vm_area_info area;
    uint32_t steps = 0;

    while (start < end) {
        if (end > USER_END || !vm_map_area_of(map, vaddr(start), &area) || preempt_step(&steps)) {
            return false;
        }
        start = area.range.end.raw;
    }
    return true;
}

/* Brings in the pages by an access that their area allows: by a write where pages are private and
 * writable, as Linux does. */
static int populate_mapped(struct vm_map *map, uint32_t start, uint32_t end)
{
    struct vm_area_info area;
    uint32_t steps = 0;

    while (start < end && vm_map_area_of(map, vaddr(start), &area)) {
        uint32_t stop = min_u32(area.range.end.raw, end);
        bool write = (area.prot & VM_WRITE) && !(area.flags & VM_SHARED);

        if (area.prot == 0 || vm_map_populate(map, vrange(start, stop), write) != 0) {
            return -ENOMEM;
        }
        start = stop;
        (void)preempt_step(&steps);
    }
    return 0;
}

/* MADV_POPULATE_READ and _WRITE: brings in the pages by exactly that access. */
static int populate_exactly(struct vm_map *map, uint32_t start, uint32_t end, bool write)
{
    if (!is_all_mapped(map, start, end)) {
        return -ENOMEM;
    }
    return vm_map_populate(map, vrange(start, end), write);
}

static bool is_advice_known(uint32_t advice)
{
    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
    case MADV_MERGEABLE:
    case MADV_UNMERGEABLE:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        return true;
    default:
        return false;
    }
}

/* Sets what fork does with the range. */
static int advise_fork(struct vm_map *map, struct vrange range, uint32_t advice)
{
    switch (advice) {
    case MADV_DONTFORK:
        return vm_map_advise_fork(map, range, VM_DONT_FORK, 0);
    case MADV_DOFORK:
        return vm_map_advise_fork(map, range, 0, VM_DONT_FORK);
    case MADV_WIPEONFORK:
        return vm_map_advise_fork(map, range, VM_WIPE_ON_FORK, 0);
    default:
        return vm_map_advise_fork(map, range, 0, VM_WIPE_ON_FORK);
    }
}

/* MADV_FREE lets the kernel choose when to drop the pages, and it drops them now. Fails for memory
 * that is not anonymous. */
static int free_lazily(struct vm_map *map, uint32_t start, uint32_t end)
{
    struct vm_area_info area;
    uint32_t steps = 0;

    for (uint32_t at = start; vm_map_area_at_or_above(map, vaddr(at), &area);
         at = area.range.end.raw) {
        if (area.range.start.raw >= end) {
            break;
        }
        if (!area.is_anonymous) {
            return -EINVAL;
        }
        (void)preempt_step(&steps);
    }
    return vm_map_discard(map, vrange(start, end));
}

long sys_madvise(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], advice = args->arg[2], end;

    if (!is_advice_known(advice)) {
        return -EINVAL;
    }
    if (!is_page_aligned(start) || !span_end(start, args->arg[1], &end) ||
        (start == end && args->arg[1] != 0)) {
        return -EINVAL;
    }
    if (start == end) {
        return 0;
    }
    if (start < USER_BASE || end > USER_END) {
        return -ENOMEM;
    }
    switch (advice) {
    case MADV_DONTNEED:
        return vm_map_discard(self->memory.map, vrange(start, end));
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
        return advise_fork(self->memory.map, vrange(start, end), advice);
    case MADV_FREE:
        return free_lazily(self->memory.map, start, end);
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        return populate_exactly(self->memory.map, start, end, advice == MADV_POPULATE_WRITE);
    default: /* hints that this kernel does not use: it only checks the range */
        return is_all_mapped(self->memory.map, start, end) ? 0 : -ENOMEM;
    }
}

/* Results are copied out in pieces of this many pages. */
#define MINCORE_PIECE 128u

long sys_mincore(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], vector = args->arg[2], len;
    uint8_t piece[MINCORE_PIECE];

    if (!is_page_aligned(start)) {
        return -EINVAL;
    }
    if (!is_user_range(start, args->arg[1]) || !sys_round_length(args->arg[1], &len)) {
        return -ENOMEM;
    }
    uint32_t npages = len >> PAGE_SHIFT;

    if (!is_user_range(vector, npages)) {
        return -EFAULT;
    }
    if (!is_all_mapped(self->memory.map, start, start + len)) {
        return -ENOMEM;
    }
    for (uint32_t done = 0, n; done < npages; done += n) {
        n = min_u32(npages - done, MINCORE_PIECE);
        for (uint32_t i = 0; i < n; i++) {
            piece[i] = vm_map_is_resident(self->memory.map, vaddr(start + (done + i) * PAGE_SIZE));
        }
        if (copy_to_user(vector + done, piece, n) != 0) {
            return -EFAULT;
        }
        if (preempt_point()) {
            return -EINTR;
        }
    }
    return 0;
}

/* No file is writable yet, so no mapping has anything to write back. */
long sys_msync(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], flags = args->arg[2], end;

    if ((flags & ~(uint32_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        ((flags & MS_ASYNC) && (flags & MS_SYNC)) || !is_page_aligned(start)) {
        return -EINVAL;
    }
    return span_end(start, args->arg[1], &end) && is_all_mapped(self->memory.map, start, end)
               ? 0
               : -ENOMEM;
}

/* Computes the pages that start and length of mlock touch. Fails with -EINVAL if the range
 * wraps. */
static int check_lock_span(const struct syscall_args *args, uint32_t *start, uint32_t *end)
{
    uint32_t len = args->arg[1] + (args->arg[0] & PAGE_OFFSET_MASK);

    *start = page_floor(args->arg[0]);
    return span_end(*start, len, end) ? 0 : -EINVAL;
}

/* Nothing is ever paged out, so memory that is resident is locked. */
long sys_mlock(struct process *self, const struct syscall_args *args)
{
    uint32_t start, end;
    int err = check_lock_span(args, &start, &end);

    if (err != 0 || start == end) {
        return err;
    }
    return is_all_mapped(self->memory.map, start, end)
               ? populate_mapped(self->memory.map, start, end)
               : -ENOMEM;
}

long sys_munlock(struct process *self, const struct syscall_args *args)
{
    uint32_t start, end;
    int err = check_lock_span(args, &start, &end);

    if (err != 0 || start == end) {
        return err;
    }
    return is_all_mapped(self->memory.map, start, end) ? 0 : -ENOMEM;
}

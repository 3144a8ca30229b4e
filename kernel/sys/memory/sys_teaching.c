/*
 * The teaching interface (contract 2): area_mmap, area_munmap and freemem. Its calls return no
 * error numbers, only 0 or -1.
 */
#include <linux/mman.h>

#include "abi/faultline.h"
#include "kernel/proc/process.h"
#include "kernel/sys/memory/sys_impl.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "mm/pager/file_copy.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"

/* Checks the numbers of a request (V1, V2). Returns true and *start, which is 0 if the kernel shall
 * choose. */
static bool is_area_request_valid(const struct syscall_args *args, uint32_t *start)
{
    uint32_t addr = args->arg[0], len = args->arg[1], prot = args->arg[2], flags = args->arg[3];

    if (!is_page_aligned(addr) || !is_page_aligned(len) || (int32_t)len <= 0) {
        return false;
    }
    if (prot == 0 || (prot & ~(uint32_t)PROT_ALL) ||
        (flags & ~(uint32_t)(MAP_ANONYMOUS | MAP_POPULATE | MAP_PRIVATE))) {
        return false;
    }
    if (addr == 0) {
        *start = 0;
        return len <= FL_MMAPEND - FL_MMAPBASE;
    }
    *start = addr < FL_MMAPBASE ? addr + FL_MMAPBASE : addr;
    return *start < FL_MMAPEND && len <= FL_MMAPEND - *start;
}

/* Sets spec->object, with a reference, for an area of a file. Returns false if the file does not
 * allow it. */
static bool open_area_file(struct process *self, const struct syscall_args *args,
                           struct vm_area_spec *spec)
{
    const struct file *file = fd_get(&self->fds, (int)args->arg[4]);
    int32_t offset = (int32_t)args->arg[5];

    if (file == NULL || offset < 0 || file->inode->type != INODE_FILE || !file_is_readable(file) ||
        ((spec->prot & VM_WRITE) && !file_is_writable(file))) {
        return false;
    }
    spec->object = vm_object_file_copy(&file->inode->source);
    spec->offset = (uint32_t)offset;
    return true;
}

/* Brings in all pages, or removes the area (V4). */
static bool populate_area(struct vm_map *map, const struct vm_area_spec *spec)
{
    if (vm_map_populate(map, spec->range, (spec->prot & VM_WRITE) != 0) == 0) {
        return true;
    }
    int err = vm_map_remove(map, spec->range);

    assert(err == 0); /* removing a whole area splits and allocates nothing */
    return false;
}

static bool insert_area(struct vm_map *map, const struct vm_area_spec *spec)
{
    struct vm_map_counts counts;

    vm_map_counts(map, &counts);
    return counts.teaching_areas < FL_AREA_MAX && vm_map_insert(map, spec) == 0;
}

/* Returns the start, or 0 for every error. */
long sys_area_mmap(struct process *self, const struct syscall_args *args)
{
    struct vm_area_spec spec = {
        .prot = args->arg[2],
        .flags = VM_NO_MERGE | VM_OWN_ZERO | VM_TEACHING | VM_NO_RESERVE,
        .account = FL_ACCOUNT_AREA,
    };
    uint32_t len = args->arg[1];
    vaddr_t start;

    if (!is_area_request_valid(args, &start.raw)) {
        return 0;
    }
    if (start.raw == 0 &&
        !vm_map_find_hole(self->memory.map, len, FL_MMAPBASE, FL_MMAPEND, &start)) {
        return 0;
    }
    spec.range = vrange(start.raw, start.raw + len);
    if (!(args->arg[3] & MAP_ANONYMOUS) && !open_area_file(self, args, &spec)) {
        return 0;
    }
    bool is_made = insert_area(self->memory.map, &spec);

    vm_object_unref(spec.object);
    if (is_made && (args->arg[3] & MAP_POPULATE)) {
        is_made = populate_area(self->memory.map, &spec);
    }
    return is_made ? (long)start.raw : 0;
}

/* Returns the end of an area that POSIX calls may have cut into pieces. Only its first piece has
 * VM_TEACHING; the pieces above it belong to the area up to a hole or the next area. */
static uint32_t area_end(struct vm_map *map, const struct vm_area_info *first)
{
    struct vm_area_info piece;
    uint32_t end = first->range.end.raw, steps = 0;

    while (vm_map_area_of(map, vaddr(end), &piece) && piece.account == FL_ACCOUNT_AREA &&
           !(piece.flags & VM_TEACHING)) {
        end = piece.range.end.raw;
        (void)preempt_step(&steps);
    }
    return end;
}

long sys_area_munmap(struct process *self, const struct syscall_args *args)
{
    struct vm_area_info area;

    if (!is_user_range(args->arg[0], PAGE_SIZE) ||
        !vm_map_area_of(self->memory.map, vaddr(args->arg[0]), &area) ||
        area.range.start.raw != args->arg[0] || !(area.flags & VM_TEACHING)) {
        return -1;
    }
    uint32_t end = area_end(self->memory.map, &area);

    return vm_map_remove(self->memory.map, vrange(area.range.start.raw, end)) == 0 ? 1 : -1;
}

long sys_freemem(struct process *self, const struct syscall_args *args)
{
    (void)self;
    (void)args;
    return (long)frame_free_count();
}

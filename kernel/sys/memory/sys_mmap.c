/*
 * mmap, munmap, mprotect and brk. Each call decodes and checks its arguments first, in Linux's
 * order where several errors apply, and then makes one call of mm/, which succeeds completely or
 * changes nothing.
 */
#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/mman.h>

#include "abi/faultline.h"
#include "kernel/proc/process.h"
#include "kernel/sys/memory/sys_impl.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/compiler.h"
#include "mm/pager/shared_anon.h"
#include "mm/vm_map.h"

/* ---- mmap ------------------------------------------------------------------------------------ */

struct mmap_request {
    uint32_t addr, len, prot, flags;
    int fd;
    uint32_t page_offset;
    struct file *file; /* NULL: anonymous */
};

/* Checks the place that MAP_FIXED demands. */
static int check_fixed_place(struct vm_map *map, const struct mmap_request *req)
{
    if (!is_user_range(req->addr, req->len)) {
        return -ENOMEM;
    }
    if (!is_page_aligned(req->addr)) {
        return -EINVAL;
    }
    if (req->addr < USER_BASE) {
        return -EPERM;
    }
    if ((req->flags & MAP_FIXED_NOREPLACE) &&
        !vm_map_is_free(map, vrange(req->addr, req->addr + req->len))) {
        return -EEXIST;
    }
    return 0;
}

static inline int place_of(struct vm_map *map, const struct mmap_request *req, vaddr_t *start)
{
    if (unlikely(req->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
        start->raw = req->addr;
        return check_fixed_place(map, req);
    }
    return sys_choose_place(map, page_floor(req->addr), req->len, start);
}

/* The flags that MAP_SHARED_VALIDATE accepts: Linux's LEGACY_MAP_MASK, and the six bits of a huge
 * page's size. */
#define MAP_HUGE_BITS ((uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT)
#define FLAGS_KNOWN                                                                                \
    ((uint32_t)(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE |             \
                MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK |        \
                MAP_STACK | MAP_HUGETLB | MAP_32BIT) |                                             \
     MAP_HUGE_BITS)

/* Checks that the file's open mode allows the mapping. */
static int check_file(const struct mmap_request *req)
{
    uint32_t type = req->flags & MAP_TYPE;

    if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE && type != MAP_PRIVATE) {
        return -EINVAL;
    }
    if (type == MAP_SHARED_VALIDATE && (req->flags & ~FLAGS_KNOWN)) {
        return -EOPNOTSUPP;
    }
    if (type != MAP_PRIVATE && (req->prot & PROT_WRITE) && !file_is_writable(req->file)) {
        return -EACCES;
    }
    if (!file_is_readable(req->file)) {
        return -EACCES;
    }
    return 0;
}

/* Sets spec->object, with a reference for the caller: NULL for private anonymous memory. */
static int make_object(const struct mmap_request *req, struct vm_area_spec *spec)
{
    if (req->file != NULL) {
        const struct file_mapping mapping = {
            .pages = vrange_pages(spec->range),
            .is_shared = (spec->flags & VM_SHARED) != 0,
            .is_no_reserve = (spec->flags & VM_NO_RESERVE) != 0,
        };
        spec->offset = (uint64_t)req->page_offset << PAGE_SHIFT;
        int err = file_map(req->file, &mapping, &spec->object);

        if (err == 0 && (req->flags & MAP_GROWSDOWN)) { /* files do not grow downward */
            vm_object_unref(spec->object);
            err = -EINVAL;
        }
        return err;
    }
    if (spec->flags & VM_SHARED) {
        spec->object =
            vm_object_shared_anon(vrange_pages(spec->range), (spec->flags & VM_NO_RESERVE) != 0);
        return spec->object == NULL ? -ENOMEM : 0;
    }
    return 0;
}

static uint32_t area_flags(const struct mmap_request *req)
{
    bool is_shared = (req->flags & MAP_TYPE) != MAP_PRIVATE;
    uint32_t flags = is_shared ? VM_SHARED : 0;

    if (unlikely(req->flags & (MAP_GROWSDOWN | MAP_NORESERVE))) {
        /* The caller has checked that only private anonymous memory grows down. */
        flags |= (req->flags & MAP_GROWSDOWN) ? VM_GROWS_DOWN : 0;
        flags |= (req->flags & MAP_NORESERVE) ? VM_NO_RESERVE : 0;
    }
    if (req->file != NULL) {
        if (req->file->inode->type == INODE_FILE) {
            flags |= VM_AROUND;
        }
        if (is_shared && !file_is_writable(req->file)) {
            flags |= VM_MAY_NOT_WRITE;
        }
    }
    return flags;
}

/* Makes the area at start. The request has been checked. */
static long insert_mapping(struct vm_map *map, const struct mmap_request *req, uint32_t start)
{
    struct vm_area_spec spec = {
        .range = vrange(start, start + req->len),
        .prot = req->prot & PROT_ALL,
        .flags = area_flags(req),
        .account = FL_ACCOUNT_MMAP,
    };
    int err = make_object(req, &spec);

    if (err != 0) {
        return err;
    }
    if (req->flags & MAP_FIXED) {
        err = vm_map_replace(map, &spec);
    } else {
        err = vm_map_insert(map, &spec);
    }
    if (spec.object != NULL) {
        vm_object_unref(spec.object);
    }
    if (err != 0) {
        return err;
    }
    if (unlikely(req->flags & (MAP_POPULATE | MAP_LOCKED)) && spec.prot != 0 &&
        vm_map_populate(map, spec.range, (spec.prot & VM_WRITE) != 0) != 0) {
        return (long)start; /* as on Linux, the mapping is made and faults bring in the rest */
    }
    return (long)start;
}

static inline long mmap_request(struct process *self, struct mmap_request *req)
{
    uint32_t len;

    if (!(req->flags & MAP_ANONYMOUS)) {
        req->file = fd_get(&self->fds, req->fd);
        if (req->file == NULL) {
            return -EBADF;
        }
    }
    if (req->len == 0) {
        return -EINVAL;
    }
    if (!sys_round_length(req->len, &len) || len > USER_END) {
        return -ENOMEM;
    }
    req->len = len;
    if (req->page_offset + (len >> PAGE_SHIFT) < req->page_offset) {
        return -EOVERFLOW;
    }
    vaddr_t start;
    int err = place_of(self->memory.map, req, &start);

    if (unlikely(err != 0)) {
        return err;
    }
    if (req->file != NULL) {
        err = check_file(req);
        if (err != 0) {
            return err;
        }
    } else if ((req->flags & MAP_TYPE) != MAP_PRIVATE &&
               ((req->flags & MAP_TYPE) != MAP_SHARED || (req->flags & MAP_GROWSDOWN))) {
        return -EINVAL;
    }
    return insert_mapping(self->memory.map, req, start.raw);
}

long sys_mmap2(struct process *self, const struct syscall_args *args)
{
    struct mmap_request req = {.addr = args->arg[0],
                               .len = args->arg[1],
                               .prot = args->arg[2],
                               .flags = args->arg[3],
                               .fd = (int)args->arg[4],
                               .page_offset = args->arg[5]};

    return mmap_request(self, &req);
}

/* Call 90 takes a pointer to six words, and an offset in bytes. */
long sys_old_mmap(struct process *self, const struct syscall_args *args)
{
    struct syscall_args words;
    int err = copy_from_user(&words, args->arg[0], sizeof(words));

    if (err != 0) {
        return err;
    }
    if (!is_page_aligned(words.arg[5])) {
        return -EINVAL;
    }
    words.arg[5] >>= PAGE_SHIFT;
    return sys_mmap2(self, &words);
}

/* ---- munmap and mprotect --------------------------------------------------------------------- */

long sys_munmap(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], len;

    if (!is_page_aligned(start) || !is_user_range(start, args->arg[1]) ||
        !sys_round_length(args->arg[1], &len) || len == 0) {
        return -EINVAL;
    }
    uint32_t end = start + len;

    if (start < USER_BASE) { /* page 0 is never mapped */
        start = USER_BASE;
    }
    return start == end ? 0 : vm_map_remove(self->memory.map, vrange(start, end));
}

/* Extends the range down to the start of its stack, for PROT_GROWSDOWN. PROT_GROWSUP always fails,
 * because no stack of i386 grows up. Returns 0 and *start, or Linux's errors. */
static cold_fn int find_growing(struct vm_map *map, bool is_down, uint32_t *start, uint32_t end)
{
    struct vm_area_info area;

    if (!vm_map_area_at_or_above(map, vaddr(*start), &area) || area.range.start.raw >= end ||
        (!is_down && area.range.start.raw > *start)) {
        return -ENOMEM;
    }
    if (!is_down || !(area.flags & VM_GROWS_DOWN)) {
        return -EINVAL;
    }
    *start = area.range.start.raw;
    return 0;
}

long sys_mprotect(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], len, end;
    uint32_t prot = args->arg[2] & ~(uint32_t)(PROT_GROWSDOWN | PROT_GROWSUP);

    if ((args->arg[2] & PROT_GROWSDOWN) && (args->arg[2] & PROT_GROWSUP)) {
        return -EINVAL;
    }
    if (!is_page_aligned(start)) {
        return -EINVAL;
    }
    if (args->arg[1] == 0) {
        return 0;
    }
    if (!sys_round_length(args->arg[1], &len) || start + len <= start) {
        return -ENOMEM;
    }
    if (prot & ~(uint32_t)(PROT_ALL | PROT_SEM)) {
        return -EINVAL;
    }
    if (start < USER_BASE || !is_user_range(start, len)) {
        return -ENOMEM;
    }
    end = start + len;
    if (unlikely(prot != args->arg[2])) {
        int err = find_growing(self->memory.map, (args->arg[2] & PROT_GROWSDOWN) != 0, &start, end);

        if (err != 0) {
            return err;
        }
    }
    return vm_map_protect(self->memory.map, vrange(start, end), prot & PROT_ALL);
}

/* ---- brk ------------------------------------------------------------------------------------- */

/* Maps or unmaps the pages between the old and the new top. Returns 0, or -errno with nothing
 * changed. */
static int resize_heap(struct process *self, uint32_t old_top, uint32_t new_top)
{
    if (new_top < old_top) {
        return vm_map_remove(self->memory.map, vrange(new_top, old_top));
    }
    if (new_top == old_top) {
        return 0;
    }
    const struct vm_area_spec spec = {
        .range = vrange(old_top, new_top),
        .prot = VM_READ | VM_WRITE,
        .account = FL_ACCOUNT_HEAP,
    };

    return vm_map_insert(self->memory.map, &spec);
}

/* Returns the break, moved or not. */
long sys_brk(struct process *self, const struct syscall_args *args)
{
    uint32_t brk = args->arg[0];

    if (brk >= self->memory.heap_start && brk <= VM_STACK_GUARD_FLOOR &&
        resize_heap(self, page_ceil(self->memory.heap_end), page_ceil(brk)) == 0) {
        self->memory.heap_end = brk;
    }
    return (long)self->memory.heap_end;
}

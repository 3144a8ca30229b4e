/*
 * Memory calls: Linux's, and contract 2's area_mmap, area_munmap and freemem. Each decodes and
 * checks everything first, in Linux's order where several errors could be given, and then makes one
 * call of mm/, which does the whole or nothing.
 */
#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "abi/faultline.h"
#include "arch/cpu.h"
#include "kernel/proc/process.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/preempt.h"
#include "mm/pager/file_copy.h"
#include "mm/pager/shared_anon.h"
#include "mm/phys/frame.h"
#include "mm/vm_map.h"

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC,
               "an area's rights are PROT_* bits");
#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* Where mappings without a hint go first (design D4). */
#define MMAP_BASE 0x80000000u

/* True if len, rounded up to pages, is representable; then *rounded is set. */
static bool round_length(uint32_t len, uint32_t *rounded)
{
    *rounded = page_ceil(len);
    return *rounded >= len;
}

/* ---- mmap ---------------------------------------------------------------------------------------- */

struct mmap_request {
    uint32_t addr, len, prot, flags;
    int fd;
    uint32_t page_offset;
    struct file *file; /* NULL: anonymous */
};

/* Chooses the place of a mapping that is free to move. */
static inline int choose_place(struct vm_map *map, uint32_t hint, uint32_t len, vaddr_t *start)
{
    if (hint != 0 && is_user_range(hint, len) && hint + len <= VM_STACK_GUARD_FLOOR &&
        vm_map_is_free(map, vrange(hint, hint + len))) {
        start->raw = hint;
        return 0;
    }
    if (likely(vm_map_find_hole(map, len, MMAP_BASE, VM_STACK_GUARD_FLOOR, start)) ||
        vm_map_find_hole(map, len, USER_BASE, VM_STACK_GUARD_FLOOR, start)) {
        return 0;
    }
    return -ENOMEM;
}

/* MAP_FIXED: the place is given, or an error. */
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
    return choose_place(map, page_floor(req->addr), req->len, start);
}

/* What MAP_SHARED_VALIDATE accepts: Linux's LEGACY_MAP_MASK, with the six bits of a huge page's size. */
#define MAP_HUGE_BITS ((uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT)
#define FLAGS_KNOWN                                                                                \
    ((uint32_t)(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE |             \
                MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK |        \
                MAP_STACK | MAP_HUGETLB | MAP_32BIT) |                                             \
     MAP_HUGE_BITS)

/* The rights that a file's open mode gives to its mappings. */
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

/* The object behind a mapping, with a reference for the caller: NULL for private anonymous. */
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

        if (err == 0 && (req->flags & MAP_GROWSDOWN)) { /* a file does not grow downward */
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
        /* Checked: only private anonymous memory grows down. */
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

/* Everything is checked: makes the area at start. */
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
        return (long)start; /* as on Linux, the mapping stands and the rest comes by faults */
    }
    return (long)start;
}

static long mmap_request(struct process *self, struct mmap_request *req)
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
    if (!round_length(req->len, &len) || len > USER_END) {
        return -ENOMEM;
    }
    req->len = len;
    if (req->page_offset + (len >> PAGE_SHIFT) < req->page_offset) {
        return -EOVERFLOW;
    }
    vaddr_t start;
    int err = place_of(self->map, req, &start);

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
    return insert_mapping(self->map, req, start.raw);
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

/* Call 90: one pointer to six words, and the offset counts bytes. */
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

long sys_munmap(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], len;

    if (!is_page_aligned(start) || !is_user_range(start, args->arg[1]) ||
        !round_length(args->arg[1], &len) || len == 0) {
        return -EINVAL;
    }
    uint32_t end = start + len;

    if (start < USER_BASE) { /* page 0: never mapped, so there is nothing to do there */
        start = USER_BASE;
    }
    return start == end ? 0 : vm_map_remove(self->map, vrange(start, end));
}

/* PROT_GROWSDOWN reaches down to the start of a stack, PROT_GROWSUP to the end of one that grows up,
 * of which i386 has none. 0 with *start set, or Linux's errors. */
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
    if (!round_length(args->arg[1], &len) || start + len <= start) {
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
        int err = find_growing(self->map, (args->arg[2] & PROT_GROWSDOWN) != 0, &start, end);

        if (err != 0) {
            return err;
        }
    }
    return vm_map_protect(self->map, vrange(start, end), prot & PROT_ALL);
}

/* ---- brk ----------------------------------------------------------------------------------------- */

/* Moves the pages of the heap's end. 0 or -errno, nothing changed. */
static int resize_heap(struct process *self, uint32_t old_top, uint32_t new_top)
{
    if (new_top < old_top) {
        return vm_map_remove(self->map, vrange(new_top, old_top));
    }
    if (new_top == old_top) {
        return 0;
    }
    const struct vm_area_spec spec = {
        .range = vrange(old_top, new_top),
        .prot = VM_READ | VM_WRITE,
        .account = FL_ACCOUNT_HEAP,
    };

    return vm_map_insert(self->map, &spec);
}

/* Gives the break, moved or not. */
long sys_brk(struct process *self, const struct syscall_args *args)
{
    uint32_t brk = args->arg[0];

    if (brk >= self->heap_start && brk <= VM_STACK_GUARD_FLOOR &&
        resize_heap(self, page_ceil(self->heap_end), page_ceil(brk)) == 0) {
        self->heap_end = brk;
    }
    return (long)self->heap_end;
}

/* ---- Advice and questions ------------------------------------------------------------------------ */

/* The end of a page-aligned start and a length that is rounded up to pages: false if it wraps. As on
 * Linux a length that itself wraps to 0 is 0. */
static bool span_end(uint32_t start, uint32_t len, uint32_t *end)
{
    *end = start + page_ceil(len);
    return *end >= start;
}

/* Does every page of [start, end) belong to an area? False, too, for one that is being killed. */
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

/* Brings in what an area allows: by a write where pages are private and writable, as Linux does. */
static int populate_mapped(struct vm_map *map, uint32_t start, uint32_t end)
{
    struct vm_area_info area;
    uint32_t steps = 0;

    while (start < end && vm_map_area_of(map, vaddr(start), &area)) {
        uint32_t stop = area.range.end.raw < end ? area.range.end.raw : end;
        bool write = (area.prot & VM_WRITE) && !(area.flags & VM_SHARED);

        if (area.prot == 0 || vm_map_populate(map, vrange(start, stop), write) != 0) {
            return -ENOMEM;
        }
        start = stop;
        (void)preempt_step(&steps);
    }
    return 0;
}

/* MADV_POPULATE_READ and _WRITE: by exactly that access; Linux's errors. */
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

/* What fork does with the range. */
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

/* MADV_FREE lets the kernel choose when to drop the pages; it chooses now. Only anonymous memory. */
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
        return vm_map_discard(self->map, vrange(start, end));
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
        return advise_fork(self->map, vrange(start, end), advice);
    case MADV_FREE:
        return free_lazily(self->map, start, end);
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        return populate_exactly(self->map, start, end, advice == MADV_POPULATE_WRITE);
    default: /* hints that this kernel has no use for; the range is checked all the same */
        return is_all_mapped(self->map, start, end) ? 0 : -ENOMEM;
    }
}

/* Answers are copied out in pieces of this many pages. */
#define MINCORE_PIECE 128u

long sys_mincore(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], vector = args->arg[2], len;
    uint8_t piece[MINCORE_PIECE];

    if (!is_page_aligned(start)) {
        return -EINVAL;
    }
    if (!is_user_range(start, args->arg[1]) || !round_length(args->arg[1], &len)) {
        return -ENOMEM;
    }
    uint32_t npages = len >> PAGE_SHIFT;

    if (!is_user_range(vector, npages)) {
        return -EFAULT;
    }
    if (!is_all_mapped(self->map, start, start + len)) {
        return -ENOMEM;
    }
    for (uint32_t done = 0, n; done < npages; done += n) {
        n = npages - done < MINCORE_PIECE ? npages - done : MINCORE_PIECE;
        for (uint32_t i = 0; i < n; i++) {
            piece[i] = vm_map_is_resident(self->map, vaddr(start + (done + i) * PAGE_SIZE));
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

/* No file is writable yet, so nothing is ever behind its mapping: the call checks, and is done. */
long sys_msync(struct process *self, const struct syscall_args *args)
{
    uint32_t start = args->arg[0], flags = args->arg[2], end;

    if ((flags & ~(uint32_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        ((flags & MS_ASYNC) && (flags & MS_SYNC)) || !is_page_aligned(start)) {
        return -EINVAL;
    }
    return span_end(start, args->arg[1], &end) && is_all_mapped(self->map, start, end) ? 0
                                                                                       : -ENOMEM;
}

/* The pages that a (start, length) pair of mlock touches. */
static int check_lock_span(const struct syscall_args *args, uint32_t *start, uint32_t *end)
{
    uint32_t len = args->arg[1] + (args->arg[0] & PAGE_OFFSET_MASK);

    *start = page_floor(args->arg[0]);
    return span_end(*start, len, end) ? 0 : -EINVAL;
}

/* Nothing is ever paged out: locked memory is memory that is there. */
long sys_mlock(struct process *self, const struct syscall_args *args)
{
    uint32_t start, end;
    int err = check_lock_span(args, &start, &end);

    if (err != 0 || start == end) {
        return err;
    }
    return is_all_mapped(self->map, start, end) ? populate_mapped(self->map, start, end) : -ENOMEM;
}

long sys_munlock(struct process *self, const struct syscall_args *args)
{
    uint32_t start, end;
    int err = check_lock_span(args, &start, &end);

    if (err != 0 || start == end) {
        return err;
    }
    return is_all_mapped(self->map, start, end) ? 0 : -ENOMEM;
}

/* ---- mremap -------------------------------------------------------------------------------------- */

struct mremap_request {
    uint32_t addr, old_len, new_len, flags, new_addr;
};

/* Unmaps what is too much of the old range, and makes it as long as the new one. */
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

/* Old length 0 makes a second view of the same memory. */
static long move_mapping(struct vm_map *map, const struct mremap_request *req, uint32_t to)
{
    struct vrange new_range = vrange(to, to + req->new_len);
    int err = req->old_len == 0
                  ? vm_map_duplicate(map, vaddr(req->addr), new_range)
                  : vm_map_move(map, vrange(req->addr, req->addr + req->old_len), new_range);

    return err == 0 ? (long)to : err;
}

/* May [addr, addr + old_len) be resized? It must lie in one area, whose end is *area_end. */
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

/* In Linux's order: the destination goes first, and only then is looked at what lies at addr, for it may
 * have been the same. */
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

/* Grows in place, or else moves if that is allowed. */
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

    err = choose_place(map, 0, req->new_len, &to);
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

    if (!vm_map_area_of(self->map, vaddr(req.addr), &area)) {
        return -EFAULT;
    }
    if (req.flags & MREMAP_FIXED) {
        return area.flags & VM_TEACHING ? -EFAULT : move_to_fixed_place(self->map, &req);
    }
    if (req.old_len >= req.new_len) {
        int err = cut_old_range(self->map, &req);

        return err == 0 ? (long)req.addr : err;
    }
    if (area.flags & VM_TEACHING) {
        return -EFAULT; /* a teaching area never moves */
    }
    return grow_mapping(self->map, &req);
}

/* ---- Contract 2 ---------------------------------------------------------------------------------- */

/* V1 and V2 for the numbers: true if they make sense; *start is 0 if the kernel is to choose. */
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

/* The object of a file area: true, with a reference in spec. */
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

/* V4: all pages are there when the call returns, or nothing is left of it. */
static bool populate_area(struct vm_map *map, const struct vm_area_spec *spec)
{
    if (vm_map_populate(map, spec->range, (spec->prot & VM_WRITE) != 0) == 0) {
        return true;
    }
    int err = vm_map_remove(map, spec->range);

    assert(err == 0); /* a whole area: no split, nothing to allocate */
    return false;
}

static bool insert_area(struct vm_map *map, const struct vm_area_spec *spec)
{
    struct vm_map_counts counts;

    vm_map_counts(map, &counts);
    return counts.teaching_areas < FL_AREA_MAX && vm_map_insert(map, spec) == 0;
}

/* Gives the start, or 0: this interface has no error numbers. */
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
    if (start.raw == 0 && !vm_map_find_hole(self->map, len, FL_MMAPBASE, FL_MMAPEND, &start)) {
        return 0;
    }
    spec.range = vrange(start.raw, start.raw + len);
    if (!(args->arg[3] & MAP_ANONYMOUS) && !open_area_file(self, args, &spec)) {
        return 0;
    }
    bool is_made = insert_area(self->map, &spec);

    vm_object_unref(spec.object);
    if (is_made && (args->arg[3] & MAP_POPULATE)) {
        is_made = populate_area(self->map, &spec);
    }
    return is_made ? (long)start.raw : 0;
}

/* What the POSIX calls cut an area into stays together: the pieces behind its first one, which alone
 * has a record of the reserve, up to a hole or the next area. */
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
        !vm_map_area_of(self->map, vaddr(args->arg[0]), &area) ||
        area.range.start.raw != args->arg[0] || !(area.flags & VM_TEACHING)) {
        return -1;
    }
    uint32_t end = area_end(self->map, &area);

    return vm_map_remove(self->map, vrange(area.range.start.raw, end)) == 0 ? 1 : -1;
}

long sys_freemem(struct process *self, const struct syscall_args *args)
{
    (void)self;
    (void)args;
    return (long)frame_free_count();
}

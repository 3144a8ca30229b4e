/* tamalloc and the memory statistics (contract 5). */
#include <asm/errno.h>

#include "abi/faultline.h"
#include "abi/memstat.h"
#include "kernel/oom/oom.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/preempt.h"
#include "mm/vm_map.h"

#define KB_PER_PAGE  (PAGE_SIZE / 1024u)
#define PAGES_PER_MB (1024u / KB_PER_PAGE)

/* ---- tamalloc -------------------------------------------------------------------------------- */

/* Maps memory in the highest hole below FL_TAM_END. */
long sys_tamalloc(struct process *self, const struct syscall_args *args)
{
    uint32_t size = args->arg[0];
    vaddr_t start;

    if (size == 0) {
        return -EINVAL;
    }
    if (size > FL_TAM_END) {
        return -ENOMEM;
    }
    uint32_t len = page_ceil(size);

    if (!vm_map_find_hole_down(self->memory.map, len, USER_BASE, FL_TAM_END, &start)) {
        return -ENOMEM;
    }
    const struct vm_area_spec spec = {
        .range = vrange(start.raw, start.raw + len),
        .prot = VM_READ | VM_WRITE,
        .flags = VM_NO_RESERVE,
        .account = FL_ACCOUNT_TAM,
    };
    int err = vm_map_insert(self->memory.map, &spec);

    return err != 0 ? err : (long)start.raw;
}

/* ---- Statistics ------------------------------------------------------------------------------ */

static void get_counts(const struct process *process, struct vm_map_counts *counts)
{
    *counts = (struct vm_map_counts){0};
    if (process->memory.map != NULL) {
        vm_map_counts(process->memory.map, counts);
    }
}

static struct mem_usage_stats stats_of(const struct process *process)
{
    struct vm_map_counts counts;

    get_counts(process, &counts);
    uint32_t size = counts.size_pages, rss = counts.rss_pages;

    return (struct mem_usage_stats){
        .pid = process->id.pid,
        .vmsize = size * KB_PER_PAGE,
        .vmrss = rss * KB_PER_PAGE,
        .oom_score = oom_score(process),
        .committed_percent = size == 0 ? 0 : (int)(rss * 100u / size),
    };
}

static long put_stats(const struct process *process, uint32_t user_stats, uint32_t index)
{
    struct mem_usage_stats stats = stats_of(process);
    uint32_t offset = index * (uint32_t)sizeof(stats);

    /* max may claim a buffer larger than the address space. */
    if (user_stats + offset < user_stats) {
        return -EFAULT;
    }
    return copy_to_user(user_stats + offset, &stats, sizeof(stats));
}

/* pid 0: all processes by ascending pid, at most max. */
long sys_get_memory_usage_stats(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];
    uint32_t user_stats = args->arg[1], max = args->arg[2], filled = 0, steps = 0;

    (void)self;
    if (pid < 0 || user_stats == 0) {
        return -EINVAL;
    }
    const struct process *process = pid == 0 ? process_find_from(1) : process_find(pid);

    if (process == NULL) {
        return -ESRCH;
    }
    while (process != NULL && filled < max) {
        int next = process->id.pid + 1;
        long err = put_stats(process, user_stats, filled);
        if (err != 0) {
            return err;
        }
        filled++;
        (void)preempt_step(
            &steps); /* this process may be gone now, so the next one is looked up by number */
        process = pid == 0 ? process_find_from(next) : NULL;
    }
    return (long)filled;
}

long sys_get_global_memory_usage_stats(struct process *self, const struct syscall_args *args)
{
    uint32_t reserved = 0, committed = 0, steps = 0;
    struct vm_map_counts counts;

    (void)self;
    if (args->arg[0] == 0) {
        return -EINVAL;
    }
    for (const struct process *p = process_find_from(1); p != NULL;) {
        int next = p->id.pid + 1;
        get_counts(p, &counts);
        reserved += counts.size_pages;
        committed += counts.rss_pages;
        (void)preempt_step(&steps); /* p may be gone now */
        p = process_find_from(next);
    }
    const struct global_mem_stats stats = {
        .total_reserved_mb = reserved / PAGES_PER_MB,
        .total_committed_mb = committed / PAGES_PER_MB,
    };

    return copy_to_user(args->arg[0], &stats, sizeof(stats));
}

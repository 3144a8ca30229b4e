/* What a static program asks for at its start: the system's name, limits, random bytes, and the
 * segment of its thread-local storage. */
#include <asm/errno.h>
#include <asm/ldt.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/utsname.h>

#include "arch/cpu.h"
#include "arch/tls_desc.h"
#include "arch/trap.h"
#include "dev/random.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/addr.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "mm/vm_map.h"

long sys_newuname(struct process *self, const struct syscall_args *args)
{
    static const struct new_utsname name = {
        .sysname = "Faultline",
        .nodename = "faultline",
        .release = "6.1.0-faultline", /* glibc requires a Linux version that it knows */
        .version = "#1",
        .machine = "i686",
        .domainname = "(none)",
    };

    (void)self;
    return copy_to_user(args->arg[0], &name, sizeof(name));
}

/* A process has one thread, so nobody waits until the word is cleared, and the address is not
 * kept. */
long sys_set_tid_address(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->id.pid;
}

/* The limits that exist; every other resource is unlimited. */
static struct rlimit64 limit_of(uint32_t resource)
{
    switch (resource) {
    case RLIMIT_STACK:
        return (struct rlimit64){VM_STACK_MAX, VM_STACK_MAX};
    case RLIMIT_NOFILE:
        return (struct rlimit64){FD_MAX, FD_MAX};
    case RLIMIT_NPROC:
        return (struct rlimit64){PROCESS_MAX, PROCESS_MAX};
    case RLIMIT_CORE:
        return (struct rlimit64){0, 0};
    default:
        return (struct rlimit64){RLIM64_INFINITY, RLIM64_INFINITY};
    }
}

long sys_ugetrlimit(struct process *self, const struct syscall_args *args)
{
    (void)self;
    if (args->arg[0] >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    struct rlimit64 limit = limit_of(args->arg[0]);
    struct rlimit words = {clip_u32(limit.rlim_cur),
                           clip_u32(limit.rlim_max)}; /* infinity: all ones */

    return copy_to_user(args->arg[1], &words, sizeof(words));
}

/* Limits are fixed: a process may read them, and set them to the values they have. */
static int check_new_limit(const struct rlimit64 *new, const struct rlimit64 *limit)
{
    if (new->rlim_cur > new->rlim_max) {
        return -EINVAL;
    }
    return new->rlim_cur == limit->rlim_cur &&new->rlim_max == limit->rlim_max ? 0 : -EPERM;
}

long sys_prlimit64(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0], err = 0;
    struct rlimit64 new = {0, 0};

    (void)self;
    if (args->arg[2] != 0) {
        err = copy_from_user(&new, args->arg[2], sizeof(new));
    }
    if (err == 0 && pid != 0 && process_find(pid) == NULL) {
        err = -ESRCH;
    }
    if (err == 0 && args->arg[1] >= RLIM_NLIMITS) {
        err = -EINVAL;
    }
    if (err != 0) {
        return err;
    }
    struct rlimit64 limit = limit_of(args->arg[1]);

    err = args->arg[2] != 0 ? check_new_limit(&new, &limit) : 0;
    return err != 0 || args->arg[3] == 0 ? err : copy_to_user(args->arg[3], &limit, sizeof(limit));
}

/* Random words are made in pieces of this many bytes. */
#define RANDOM_PIECE 256u

long sys_getrandom(struct process *self, const struct syscall_args *args)
{
    uint32_t to = args->arg[0], len = args->arg[1], flags = args->arg[2];
    const uint32_t both_sources = GRND_RANDOM | GRND_INSECURE;
    uint32_t words[RANDOM_PIECE / sizeof(uint32_t)];

    (void)self;
    if ((flags & ~(GRND_NONBLOCK | both_sources)) || (flags & both_sources) == both_sources) {
        return -EINVAL;
    }
    if (len != 0 && !is_user_range(to, len)) {
        return -EFAULT;
    }
    len = min_u32(len, INT32_MAX);
    struct io_buffer io = io_of_user(to);

    while (io.done < len) {
        uint32_t n = min_u32(len - io.done, RANDOM_PIECE);

        for (uint32_t i = 0; i < array_size(words); i++) {
            words[i] = random_next();
        }
        if (io.put(&io, words, n) < n) {
            return io.done != 0 ? (long)io.done : -EFAULT;
        }
        if (preempt_point()) {
            break;
        }
    }
    return (long)io.done;
}

/* ---- Thread-local storage -------------------------------------------------------------------- */

/* Returns the slot that a request names, or for -1 the first empty one, or -errno. */
static int choose_tls_slot(const struct process *self, uint32_t entry)
{
    if (entry != UINT32_MAX) {
        return entry - GDT_TLS_FIRST < GDT_TLS_COUNT ? (int)(entry - GDT_TLS_FIRST) : -EINVAL;
    }
    for (int i = 0; i < GDT_TLS_COUNT; i++) {
        if (self->thread.tls[i] == 0) {
            return i;
        }
    }
    return -ESRCH;
}

long sys_set_thread_area(struct process *self, const struct syscall_args *args)
{
    struct user_desc desc;
    uint64_t raw;
    int err = copy_from_user(&desc, args->arg[0], sizeof(desc));

    if (err != 0) {
        return err;
    }
    if (!tls_desc_encode(&desc, &raw)) {
        return -EINVAL;
    }
    int slot = choose_tls_slot(self, desc.entry_number);

    if (slot < 0) {
        return slot;
    }
    if (desc.entry_number == UINT32_MAX) {
        uint32_t entry = (uint32_t)slot + GDT_TLS_FIRST;

        err = copy_to_user(args->arg[0], &entry, sizeof(entry)); /* the first member */
        if (err != 0) {
            return err;
        }
    }
    self->thread.tls[slot] = raw;
    gdt_set_tls(self->thread.tls);
    cpu_load_fs(cpu_read_fs()); /* a segment register keeps the old descriptor until it is loaded */
    cpu_load_gs(cpu_read_gs());
    return 0;
}

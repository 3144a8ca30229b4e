/*
 * Calls about processes and what a static program asks at its start. fork.c and exec.c hold the two
 * big ones.
 */
#include <asm/errno.h>
#include <asm/ldt.h>
#include <asm/signal.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/utsname.h>
#include <linux/wait.h>

#include "dev/random.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/usercopy.h"
#include "kernel/sys/syscall.h"
#include "lib/addr.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/vm_map.h"

/* ---- Who ----------------------------------------------------------------------------------------- */

long sys_getpid(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->pid;
}

/* One thread per process: its number is the process's. */
long sys_gettid(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->pid;
}

long sys_getppid(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->parent == NULL ? 0 : self->parent->pid;
}

/* There is one user, root. */
long sys_getuid32(struct process *self, const struct syscall_args *args)
{
    (void)self;
    (void)args;
    return 0;
}

long sys_geteuid32(struct process *self, const struct syscall_args *args)
{
    return sys_getuid32(self, args);
}

long sys_getgid32(struct process *self, const struct syscall_args *args)
{
    return sys_getuid32(self, args);
}

long sys_getegid32(struct process *self, const struct syscall_args *args)
{
    return sys_getuid32(self, args);
}

/* ---- Ending and waiting -------------------------------------------------------------------------- */

long sys_exit(struct process *self, const struct syscall_args *args)
{
    (void)self;
    process_exit(PROCESS_END_EXIT, (int)args->arg[0]);
}

long sys_exit_group(struct process *self, const struct syscall_args *args)
{
    return sys_exit(self, args);
}

long sys_fork(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return process_fork(self);
}

/* The same call: with pages shared until written, stopping the parent would gain nothing but the
 * parent's page tables. */
long sys_vfork(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return process_fork(self);
}

long sys_execve(struct process *self, const struct syscall_args *args)
{
    return process_exec(self, args->arg[0], args->arg[1], args->arg[2]);
}

long sys_sched_yield(struct process *self, const struct syscall_args *args)
{
    (void)self;
    (void)args;
    sched_yield_cpu();
    return 0;
}

#define WAIT_OPTIONS                                                                               \
    ((uint32_t)(WNOHANG | WUNTRACED | WCONTINUED) | (uint32_t)__WNOTHREAD | (uint32_t)__WALL |     \
     (uint32_t)__WCLONE)

/* Writes what the caller asked for and only then lets the zombie go (bad-input S12). No time is
 * kept per process, so the usage is all zeros. */
static int put_status(const struct process *zombie, uint32_t status, uint32_t usage)
{
    int word = process_status_word(zombie);
    int err = status == 0 ? 0 : copy_to_user(status, &word, sizeof(word));

    if (err == 0 && usage != 0) {
        err = clear_user(usage, sizeof(struct rusage));
    }
    return err;
}

/* pid > 0: that child; -1 and 0: any, for all processes are one group; others: no such group. */
static long wait_for(struct process *self, int pid, uint32_t status, uint32_t options,
                     uint32_t usage)
{
    struct process *zombie;

    if (options & ~WAIT_OPTIONS) {
        return -EINVAL;
    }
    if (pid < -1) {
        return pid == INT32_MIN ? -ESRCH : -ECHILD; /* Linux's, for the pid without a negation */
    }
    int err = process_wait(self, pid, !(options & WNOHANG), &zombie);

    if (err != 0 || zombie == NULL) {
        return err;
    }
    int ended = zombie->pid;

    err = put_status(zombie, status, usage);
    if (err != 0) {
        return err;
    }
    process_reap(zombie);
    return ended;
}

long sys_waitpid(struct process *self, const struct syscall_args *args)
{
    return wait_for(self, (int)args->arg[0], args->arg[1], args->arg[2], 0);
}

long sys_wait4(struct process *self, const struct syscall_args *args)
{
    return wait_for(self, (int)args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}

/* ---- kill ---------------------------------------------------------------------------------------- */

#define SIGNAL_MAX 64u

/* Signals whose default is to do nothing. */
static bool is_ignored_signal(uint32_t signal)
{
    return signal == 0 || signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
           signal == SIGWINCH;
}

static bool is_stop_signal(uint32_t signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void send_signal(const struct process *from, struct process *to, uint32_t signal)
{
    if (!is_ignored_signal(signal)) {
        process_kill(to, (int)signal, from->pid);
    }
}

/* Everybody but pid 1 and, for pid -1, the caller. */
static long signal_all(const struct process *self, uint32_t signal, bool with_caller)
{
    bool has_any = false;

    for (struct process *p = process_find_from(PROCESS_INIT_PID + 1); p != NULL;
         p = process_find_from(p->pid + 1)) {
        if (with_caller || p != self) {
            send_signal(self, p, signal);
            has_any = true;
        }
    }
    return has_any || with_caller ? 0 : -ESRCH;
}

/* Nobody can catch a signal yet, so each does its default: end the process, or nothing. Stopping
 * needs job control, which is not there: -EINVAL rather than a pretence. */
long sys_kill(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];
    uint32_t signal = args->arg[1];

    struct process *to = pid <= 0 ? NULL : process_find(pid);

    if (to == NULL && pid != 0 && pid != -1) {
        return -ESRCH;
    }
    if (signal > SIGNAL_MAX || is_stop_signal(signal)) {
        return -EINVAL;
    }
    if (to == NULL) {
        return signal_all(self, signal, pid == 0);
    }
    send_signal(self, to, signal);
    return 0;
}

/* ---- Start-up of static programs ----------------------------------------------------------------- */

long sys_newuname(struct process *self, const struct syscall_args *args)
{
    static const struct new_utsname name = {
        .sysname = "Faultline",
        .nodename = "faultline",
        .release = "6.1.0-faultline", /* glibc wants a Linux version it knows */
        .version = "#1",
        .machine = "i686",
        .domainname = "(none)",
    };

    (void)self;
    return copy_to_user(args->arg[0], &name, sizeof(name));
}

/* With one thread nobody waits for the word to be cleared, so the address is not kept. */
long sys_set_tid_address(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->pid;
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

static uint32_t limit_word(uint64_t limit)
{
    return limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit; /* all ones: infinity there, too */
}

long sys_ugetrlimit(struct process *self, const struct syscall_args *args)
{
    (void)self;
    if (args->arg[0] >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    struct rlimit64 limit = limit_of(args->arg[0]);
    struct rlimit words = {limit_word(limit.rlim_cur), limit_word(limit.rlim_max)};

    return copy_to_user(args->arg[1], &words, sizeof(words));
}

/* Limits are fixed: every process may ask, and set them to what they are. */
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
    len = len > INT32_MAX ? INT32_MAX : len;
    struct io_buffer io = io_of_user(to);

    while (io.done < len) {
        uint32_t n = len - io.done < RANDOM_PIECE ? len - io.done : RANDOM_PIECE;

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

/* ---- Thread-local storage ------------------------------------------------------------------------ */

/* Bits of a segment descriptor's upper half (SDM vol. 3, 3.4.5). */
#define DESC_WRITABLE          0x00000200u
#define DESC_EXPAND_DOWN_SHIFT 10
#define DESC_CODE_OR_DATA      0x00001000u
#define DESC_RING3             0x00006000u
#define DESC_PRESENT           0x00008000u
#define DESC_AVAILABLE         0x00100000u
#define DESC_32BIT             0x00400000u
#define DESC_PAGES             0x00800000u

/* Linux's "no descriptor": everything zero, or what its LDT_empty macro says. */
static bool is_empty_desc(const struct user_desc *d)
{
    bool no_address = d->base_addr == 0 && d->limit == 0;
    bool is_zero = no_address && !d->seg_32bit && !d->contents && !d->read_exec_only &&
                   !d->limit_in_pages && !d->seg_not_present && !d->useable;
    bool is_marked = no_address && !d->seg_32bit && !d->contents && d->read_exec_only &&
                     !d->limit_in_pages && d->seg_not_present && !d->useable;

    return is_zero || is_marked;
}

/* Only present 32-bit data segments; they are always ring 3's (bad-input S15). */
static bool is_desc_allowed(const struct user_desc *d)
{
    return d->seg_32bit && d->contents <= MODIFY_LDT_CONTENTS_STACK && !d->seg_not_present;
}

static uint64_t descriptor_of(const struct user_desc *d)
{
    uint32_t low = (d->base_addr << 16) | (d->limit & 0xFFFFu);
    uint32_t high = (d->base_addr & 0xFF000000u) | ((d->base_addr >> 16) & 0xFFu) |
                    (d->limit & 0xF0000u) | DESC_CODE_OR_DATA | DESC_RING3 | DESC_PRESENT |
                    DESC_32BIT;

    high |= d->read_exec_only ? 0 : DESC_WRITABLE;
    high |= (uint32_t)d->contents << DESC_EXPAND_DOWN_SHIFT;
    high |= d->useable ? DESC_AVAILABLE : 0;
    high |= d->limit_in_pages ? DESC_PAGES : 0;
    return (uint64_t)high << 32 | low;
}

/* The slot that a request names, or for -1 the first empty one. Negative: error. */
static int choose_tls_slot(const struct process *self, uint32_t entry)
{
    if (entry != UINT32_MAX) {
        return entry - GDT_TLS_FIRST < GDT_TLS_COUNT ? (int)(entry - GDT_TLS_FIRST) : -EINVAL;
    }
    for (int i = 0; i < GDT_TLS_COUNT; i++) {
        if (self->tls[i] == 0) {
            return i;
        }
    }
    return -ESRCH;
}

long sys_set_thread_area(struct process *self, const struct syscall_args *args)
{
    struct user_desc desc;
    int err = copy_from_user(&desc, args->arg[0], sizeof(desc));

    if (err != 0) {
        return err;
    }
    if (!is_empty_desc(&desc) && !is_desc_allowed(&desc)) {
        return -EINVAL;
    }
    int slot = choose_tls_slot(self, desc.entry_number);

    if (slot < 0) {
        return slot;
    }
    if (desc.entry_number == UINT32_MAX) {
        uint32_t entry = (uint32_t)slot + GDT_TLS_FIRST;

        err = copy_to_user(args->arg[0], &entry, sizeof(entry)); /* its first member */
        if (err != 0) {
            return err;
        }
    }
    self->tls[slot] = is_empty_desc(&desc) ? 0 : descriptor_of(&desc);
    gdt_set_tls(self->tls);
    cpu_load_fs(cpu_read_fs()); /* a segment register keeps the old descriptor until it is loaded */
    cpu_load_gs(cpu_read_gs());
    return 0;
}

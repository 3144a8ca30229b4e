/* Processes: who they are, fork, execve, exit and wait. */
#include <asm/errno.h>
#include <linux/wait.h>

#include "kernel/proc/exit.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/wait.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/time/sys_usage.h"
#include "kernel/user/exec.h"
#include "kernel/user/fork.h"
#include "kernel/user/usercopy.h"

/* ---- Who ------------------------------------------------------------------------------------- */

long sys_getpid(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->id.pid;
}

/* A process has one thread, whose number is the pid. */
long sys_gettid(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->id.pid;
}

long sys_getppid(struct process *self, const struct syscall_args *args)
{
    (void)args;
    return self->family.parent == NULL ? 0 : self->family.parent->id.pid;
}

/* The only user is root. */
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

/* ---- Ending and waiting ---------------------------------------------------------------------- */

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

/* The same as fork: pages are shared until they are written, so stopping the parent would save
 * nothing but page tables. */
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

/* Writes what the caller asked for, before the zombie is reaped (bad-input S12). */
static int put_status(const struct process_wait_result *result, uint32_t status, uint32_t usage)
{
    int err = status == 0 ? 0 : copy_to_user(status, &result->status, sizeof(result->status));

    if (err == 0 && usage != 0) {
        err = put_rusage_of_child(usage, result->child);
    }
    return err;
}

/* pid > 0: waits for that child; -1 and 0: for any child, because all processes are one group.
 * Other groups do not exist. */
static long wait_for(struct process *self, int pid, uint32_t status, uint32_t options,
                     uint32_t usage)
{
    struct process_wait_result result;

    if (options & ~WAIT_OPTIONS) {
        return -EINVAL;
    }
    if (pid < -1) {
        return pid == INT32_MIN ? -ESRCH : -ECHILD; /* as on Linux: INT_MIN has no negation */
    }
    int err = process_wait(self, pid, options, &result);

    if (err != 0 || result.child == NULL) {
        return err;
    }
    int child = result.child->id.pid;

    err = put_status(&result, status, usage);
    if (err != 0) {
        return err;
    }
    process_wait_done(&result);
    return child;
}

long sys_waitpid(struct process *self, const struct syscall_args *args)
{
    return wait_for(self, (int)args->arg[0], args->arg[1], args->arg[2], 0);
}

long sys_wait4(struct process *self, const struct syscall_args *args)
{
    return wait_for(self, (int)args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}

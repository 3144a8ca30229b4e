/* Overcommit, and the adjustment of the out-of-memory score. */
#include <asm/errno.h>

#include "abi/faultline.h"
#include "kernel/oom/oom.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "mm/commit_charge.h"

long sys_overcommit(struct process *self, const struct syscall_args *args)
{
    uint32_t before = commit_mode;
    uint32_t mode = args->arg[0] == FL_KEEP ? before : args->arg[0];
    uint32_t ratio = args->arg[1] == FL_KEEP ? commit_ratio : args->arg[1];
    int err = commit_configure(mode, ratio);

    (void)self;
    return err != 0 ? err : (long)before;
}

/* Looks the process up again, because copy_to_user() may have slept for lack of memory. */
static long set_score_adj(int pid, int value)
{
    struct process *process = process_find(pid);

    if (process == NULL || process->sched.state == PROCESS_ZOMBIE) {
        return -ESRCH;
    }
    process->memory.oom_score_adj = value;
    return 0;
}

/* pid 0 is the caller. Nobody may change the value of pid 1, which the system needs. */
long sys_oom_score_adj(struct process *self, const struct syscall_args *args)
{
    struct process *process = args->arg[0] == 0 ? self : process_find((int)args->arg[0]);
    int value = (int)args->arg[1];

    if (process == NULL || process->sched.state == PROCESS_ZOMBIE) {
        return -ESRCH;
    }
    bool is_set = value != FL_KEEP;

    if (is_set && (value < OOM_SCORE_ADJ_NEVER || value > OOM_SCORE_ADJ_MAX)) {
        return -EINVAL;
    }
    if (is_set && process->id.pid == PROCESS_INIT_PID) {
        return -EPERM;
    }
    int pid = process->id.pid, old = process->memory.oom_score_adj;

    if (args->arg[2] != 0) {
        int err = copy_to_user(args->arg[2], &old, sizeof(old));
        if (err != 0) {
            return err;
        }
    }
    return is_set ? set_score_adj(pid, value) : 0;
}

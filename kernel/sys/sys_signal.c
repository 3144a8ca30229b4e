/* kill: signals, which end a process or do nothing. */
#include <asm/errno.h>
#include <asm/signal.h>

#include "kernel/proc/kill.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/sys/syscall.h"

#define SIGNAL_MAX 64u

/* Returns true for a signal whose default action is to do nothing. */
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
        process_kill(to, (int)signal, from->id.pid);
    }
}

/* Signals every process except pid 1 and, for pid -1, the caller. */
static long signal_all(const struct process *self, uint32_t signal, bool with_caller)
{
    bool has_any = false;

    for (struct process *p = process_find_from(PROCESS_INIT_PID + 1); p != NULL;
         p = process_find_from(p->id.pid + 1)) {
        if (with_caller || p != self) {
            send_signal(self, p, signal);
            has_any = true;
        }
    }
    return has_any || with_caller ? 0 : -ESRCH;
}

/* No process can catch a signal yet, so each signal has its default action: end the process, or
 * nothing. Stopping a process would need job control, so stop signals fail with -EINVAL. */
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

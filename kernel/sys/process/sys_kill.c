/* Sending signals: kill, tkill, tgkill and rt_sigqueueinfo. */
#include <asm/errno.h>
#include <asm/siginfo.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/signal.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"

static struct signal_info info_from(const struct process *from, uint32_t signal, int code)
{
    return (struct signal_info){
        .signal = (int32_t)signal, .code = code, .fields = {(uint32_t)from->id.pid}};
}

/* Signal 0 only asks whether the process exists. */
static long send(struct process *to, const struct signal_info *info)
{
    return info->signal == 0 ? 0 : signal_send(to, info);
}

/* Signals every process except pid 1 and, for pid -1, the caller. */
static long signal_all(const struct process *self, const struct signal_info *info, bool with_caller)
{
    bool has_any = false;

    for (struct process *p = process_find_from(PROCESS_INIT_PID + 1); p != NULL;
         p = process_find_from(p->id.pid + 1)) {
        if (with_caller || p != self) {
            (void)send(p, info);
            has_any = true;
        }
    }
    return has_any || with_caller ? 0 : -ESRCH;
}

long sys_kill(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];
    uint32_t signal = args->arg[1];
    struct signal_info info = info_from(self, signal, SI_USER);
    struct process *to = pid <= 0 ? NULL : process_find(pid);

    if (to == NULL && pid != 0 && pid != -1) {
        return -ESRCH;
    }
    if (signal > SIGNAL_MAX) {
        return -EINVAL;
    }
    return to == NULL ? signal_all(self, &info, pid == 0) : send(to, &info);
}

static long signal_thread(const struct process *self, int group, int pid, uint32_t signal)
{
    struct signal_info info = info_from(self, signal, SI_TKILL);
    struct process *to = process_find(pid);

    if (to == NULL || group != pid) {
        return -ESRCH;
    }
    return signal > SIGNAL_MAX ? -EINVAL : send(to, &info);
}

/* A process has one thread, whose number is the pid. */
long sys_tkill(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];

    return pid <= 0 ? -EINVAL : signal_thread(self, pid, pid, args->arg[1]);
}

long sys_tgkill(struct process *self, const struct syscall_args *args)
{
    int group = (int)args->arg[0], pid = (int)args->arg[1];

    return group <= 0 || pid <= 0 ? -EINVAL : signal_thread(self, group, pid, args->arg[2]);
}

/* Sends a siginfo that the program has written. Only to itself may it pretend to be the kernel or
 * kill. */
static long queue(const struct process *self, int pid, uint32_t signal, uint32_t user_info)
{
    struct signal_info info;
    int err = copy_from_user(&info, user_info, sizeof(info));

    if (err != 0) {
        return err;
    }
    if ((info.code >= 0 || info.code == SI_TKILL) && pid != self->id.pid) {
        return -EPERM;
    }
    struct process *to = process_find(pid);

    if (to == NULL) {
        return -ESRCH;
    }
    if (signal > SIGNAL_MAX) {
        return -EINVAL;
    }
    info.signal = (int32_t)signal;
    return send(to, &info);
}

long sys_rt_sigqueueinfo(struct process *self, const struct syscall_args *args)
{
    return queue(self, (int)args->arg[0], args->arg[1], args->arg[2]);
}

long sys_rt_tgsigqueueinfo(struct process *self, const struct syscall_args *args)
{
    int group = (int)args->arg[0], pid = (int)args->arg[1];

    if (group <= 0 || pid <= 0) {
        return -EINVAL;
    }
    return group != pid ? -ESRCH : queue(self, pid, args->arg[2], args->arg[3]);
}

/* <faultline.h>: this kernel's own calls. */
#include <faultline.h>

#include "user/libc/syscall.h"

int run_policy(unsigned int policy, unsigned int flags)
{
    return (int)syscall_result(syscall2(FL_NR_run_policy, (long)policy, (long)flags));
}

pid_t run_wait(pid_t pid, int *status, struct fl_report *report, struct fl_account *accounts)
{
    return (pid_t)syscall_result(
        syscall4(FL_NR_run_wait, pid, (long)status, (long)report, (long)accounts));
}

int exec_reason(char *buf, size_t size)
{
    return (int)syscall_result(syscall2(FL_NR_exec_reason, (long)buf, (long)size));
}

int map_list(pid_t pid, struct fl_map_area *areas, unsigned int max)
{
    return (int)syscall_result(syscall3(FL_NR_map_list, pid, (long)areas, (long)max));
}

int power_off(int code)
{
    return (int)syscall_result(syscall1(FL_NR_power_off, code));
}

int fail_frame(unsigned int n, unsigned int mode)
{
    return (int)syscall_result(syscall2(FL_NR_fail_frame, (long)n, (long)mode));
}

int kernel_info(struct fl_kernel_info *info)
{
    return (int)syscall_result(syscall1(FL_NR_kernel_info, (long)info));
}

int irq_off_info(struct fl_irq_off_info *info)
{
    return (int)syscall_result(syscall1(FL_NR_irq_off_info, (long)info));
}

int overcommit(int mode, int ratio)
{
    return (int)syscall_result(syscall2(FL_NR_overcommit, mode, ratio));
}

int oom_score_adj(pid_t pid, int value, int *old)
{
    return (int)syscall_result(syscall3(FL_NR_oom_score_adj, pid, value, (long)old));
}

const char *vm_cause_name(unsigned int cause)
{
    static const char *const words[] = {
#define CAUSE(name, word) [VM_CAUSE_##name] = (word),
#include <abi/causes.def>
#undef CAUSE
    };
    return cause < VM_CAUSE_COUNT ? words[cause] : "?";
}

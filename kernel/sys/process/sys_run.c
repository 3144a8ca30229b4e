/* What `run` needs: the policy of the next execve, why one failed, and the report of a program. */
#include <asm/errno.h>
#include <stddef.h>

#include "abi/faultline.h"
#include "kernel/proc/process.h"
#include "kernel/proc/process_alloc.h"
#include "kernel/proc/run_record.h"
#include "kernel/proc/wait.h"
#include "kernel/sys/syscall.h"
#include "kernel/user/usercopy.h"
#include "lib/minmax.h"
#include "lib/string.h"
#include "loader/elf32.h"
#include "mm/phys/frame.h"

long sys_run_policy(struct process *self, const struct syscall_args *args)
{
    uint32_t policy = args->arg[0], flags = args->arg[1];

    if ((policy != FL_POLICY_PAGE && policy != FL_POLICY_SEGMENT) || (flags & ~FL_RUN_ANNOUNCE)) {
        return -EINVAL;
    }
    self->program.policy = policy;
    self->program.run_flags = flags;
    return 0;
}

long sys_exec_reason(struct process *self, const struct syscall_args *args)
{
    const char *text = self->program.exec_reason == NULL ? "" : self->program.exec_reason->text;
    uint32_t size = args->arg[1], length = (uint32_t)strlen(text);

    if (size == 0) {
        return -EINVAL;
    }
    uint32_t n = min_u32(length + 1, size);
    int err = copy_to_user(args->arg[0], text, n);

    return err != 0 ? err : (long)length;
}

/* Copies the zombie's report and accounts to the user, which brings in the pages of both
 * buffers. */
static int put_report(const struct process *zombie, uint32_t user_report, uint32_t user_accounts)
{
    const struct run_record *record = zombie->run.record;
    struct fl_report report = record->report;
    uint32_t user_max = user_report + offsetof(struct fl_report, max_accounts);
    int err = copy_from_user(&report.max_accounts, user_max, sizeof(report.max_accounts));

    if (err != 0) {
        return err;
    }
    uint32_t n = min_u32(report.n_accounts, record->max_accounts);

    n = min_u32(n, report.max_accounts);
    if (n != 0) {
        err = copy_to_user(user_accounts, record->accounts, n * sizeof(record->accounts[0]));
    }
    return err != 0 ? err : copy_to_user(user_report, &report, sizeof(report));
}

/* Does everything that can fail before it reaps the child. Only freemem_after, which must be
 * sampled when the child is gone, is written later, to memory that was just written. */
static long collect_run(struct process *zombie, const struct syscall_args *args)
{
    uint32_t user_status = args->arg[1], user_report = args->arg[2];
    bool has_report = user_report != 0 && zombie->run.record != NULL;
    int word = process_status_word(zombie);
    int pid = zombie->id.pid;
    int err = user_status == 0 ? 0 : copy_to_user(user_status, &word, sizeof(word));

    if (err == 0 && has_report) {
        err = put_report(zombie, user_report, args->arg[3]);
    }
    if (err != 0) {
        return err;
    }
    process_reap(zombie);
    if (has_report) {
        uint32_t freemem = frame_free_count();

        err = copy_to_user(user_report + offsetof(struct fl_report, freemem_after), &freemem,
                           sizeof(freemem));
    }
    return err != 0 ? err : pid;
}

/* Waits for one child, and lets what it left behind end if that is about to, so that freemem_after
 * counts those frames. Only programs that execve started under FL_RUN_ANNOUNCE have a report; for others
 * the call leaves the report's bytes alone. */
long sys_run_wait(struct process *self, const struct syscall_args *args)
{
    int pid = (int)args->arg[0];
    struct process_wait_result result;

    if (pid <= 0) {
        return -EINVAL;
    }
    self->family.waits_for = pid;
    int err = process_wait(self, pid, 0, &result);

    self->family.waits_for = 0;
    if (err == 0 && result.child->run.record != NULL) {
        err = process_settle();
    }
    return err != 0 ? err : collect_run(result.child, args);
}

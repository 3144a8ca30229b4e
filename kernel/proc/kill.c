/* Kills (kill.h). */
#include "kernel/proc/kill.h"

#include <asm/signal.h>

#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"

void process_kill_locked(struct process *process, int signal, int by)
{
    lock_assert_held(&process_tree_lock);
    if (process == process_init || process->sched.state == PROCESS_ZOMBIE ||
        (process->sched.work & PROCESS_WORK_KILL)) {
        return;
    }
    process->end.kill_signal = (uint8_t)signal;
    process->end.killed_by = by;
    process->sched.work |= PROCESS_WORK_KILL;
    sched_interrupt(process);
}

void process_kill(struct process *process, int signal, int by)
{
    lock_acquire(&process_tree_lock);
    process_kill_locked(process, signal, by);
    lock_release(&process_tree_lock);
}

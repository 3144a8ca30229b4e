/* The way back to ring 3 (return.h). */
#include "kernel/user/return.h"

#include <stddef.h>

#include "arch/latency.h"
#include "arch/trap.h"
#include "kernel/proc/exit.h"
#include "kernel/proc/kill.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/user/signal_deliver.h"
#include "lib/compiler.h"
#include "sync/lock.h"

void process_do_work(struct process *self)
{
    while (self->sched.work != 0) {
        if (self->sched.work & PROCESS_WORK_KILL) {
            if (self->run.record != NULL && self->end.killed_by != PROCESS_KILLED_BY_KERNEL) {
                process_report_kill(self);
            }
            process_exit(PROCESS_END_SIGNAL, self->end.kill_signal);
        }
        if (self->sched.work & PROCESS_WORK_YIELD) {
            self->sched.work &= ~PROCESS_WORK_YIELD;
            sched_yield_cpu();
        } else {
            signal_deliver(self);
        }
    }
}

/* The process may have been killed before it ran at all. */
void process_start(void)
{
    (void)latency_rename(LATENCY_START);
    sched_finish_switch();
    if (unlikely(process_running->sched.work != 0)) {
        process_do_work(process_running);
    }
    lock_assert_none();
    latency_on();
    trap_return(process_trap_frame(process_running));
}

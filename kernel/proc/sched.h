/*
 * The scheduler: one run queue, round robin. Threads sleep on wait queues (sync/wait_queue.h), whose
 * hooks it installs.
 *
 * User code is preempted by the timer; kernel code runs until it returns, sleeps, ends or comes to a
 * preempt_point() (lib/preempt.h). Interrupts are off from trap entry to return. The only places where interrupts come while kernel code is under way are cpu_idle(),
 * cpu_irq_window() and preempt_point(), and there the structures are at rest; only the last one
 * lets other processes run.
 */
#ifndef KERNEL_PROC_SCHED_H
#define KERNEL_PROC_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "lib/compiler.h"
#include "sync/lock.h"

struct process;

/* Installs the hooks of the wait queues. */
void sched_init(void);
/* Leaves the boot stack for the first process in the run queue. */
noreturn_fn void sched_start(void);
/* Appends a process that is neither running nor queued. */
void sched_enqueue(struct process *process);
/* Moves the running process to the end of the queue, if there is anybody else. */
void sched_yield_cpu(void);
/* Between these two calls, which nest, preempt_point() lets interrupts in but no other process run:
 * the caller is in the middle of a change that others must not see. */
void sched_hold_cpu(void);
void sched_let_cpu_go(void);
/* Lets pending interrupts in, but no other process. The caller holds no spin lock. */
static inline void sched_irq_window(void)
{
    lock_assert_no_spin();
    cpu_irq_window();
}
/* The timer's tick: charges it to the running process, whose slice is used up. from_user: the
 * process ran in ring 3. */
void sched_tick(bool from_user);
/* Returns the cycles of cpu_rdtsc() that the process has been on the CPU. */
uint64_t sched_cycles_of(const struct process *process);
/* Returns the number of processes that run or are ready to. */
uint32_t sched_count_ready(void);
/* Sleeps until sched_interrupt(). */
void sched_sleep(void);
/* Makes a sleeping process runnable: it sees that it is being killed or has a signal, and leaves its
 * wait queue. */
void sched_interrupt(struct process *process);
/* Leaves the CPU for ever, as a zombie. Whoever runs next frees the kernel stack. */
noreturn_fn void sched_exit(void);
/* Prepares a new process: when it first gets the CPU it calls `start`, with its trap frame at the end
 * of its kernel stack. */
void sched_prepare(struct process *process, void (*start)(void));
/* What a process does first when it gets the CPU: frees the stack of the one that ended, loads the
 * machine. `start` begins with it. */
void sched_finish_switch(void);
/* Makes the CPU hold the FPU state, TLS, fs and gs of the running process. */
void sched_load_machine(const struct process *process);

#endif

/*
 * The scheduler: one run queue, round robin, and queues to sleep on.
 *
 * User code is preempted by the timer; kernel code runs until it returns, sleeps or ends. Nothing
 * here takes a lock: one CPU, interrupts off from trap entry to return. The only places where
 * interrupts come while kernel code is under way are cpu_idle() and cpu_irq_window(), and there
 * the structures are at rest.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <stdbool.h>

#include "lib/compiler.h"
#include "lib/list.h"

struct process;

/* Processes that wait for the same thing. */
struct wait_queue {
    TAILQ_HEAD(wait_queue_head, process) sleepers;
};

void wait_queue_init(struct wait_queue *queue);
/* Sleeps until the queue is woken. False: the process is being killed, give up with -EINTR. The
 * caller looks again at what it waited for: a wake-up says only that something changed. */
must_check bool wait_queue_sleep(struct wait_queue *queue);
/* Wakes everybody. Callable from interrupt handlers. */
void wait_queue_wake_all(struct wait_queue *queue);

/* Leaves the boot stack for the first process in the run queue. */
noreturn_fn void sched_start(void);
/* Appends a process that is neither running nor queued. */
void sched_enqueue(struct process *process);
/* Lets the others run first. */
void sched_yield_cpu(void);
/* The timer's tick: the running process has used up its slice. */
void sched_tick(void);
/* Takes a sleeping process off its queue and lets it run: it finds out that it is being killed. */
void sched_interrupt(struct process *process);
/* The last act of a process that became a zombie. Its kernel stack is freed by whoever runs next. */
noreturn_fn void sched_exit(void);
/* The esp a new process starts with; it goes to ring 3 with the trap frame on its kernel stack. */
void sched_prepare(struct process *process);
/* Makes the CPU hold the FPU state, TLS and fs/gs of the running process. */
void sched_load_machine(const struct process *process);

#endif

/*
 * Interval timers of a process: one of real time, which sends SIGALRM, and two of CPU time, counted
 * by the timer's interrupts, which send SIGVTALRM (user time) and SIGPROF (all of it). A child has
 * none; execve leaves them as they are.
 */
#ifndef KERNEL_PROC_ITIMER_H
#define KERNEL_PROC_ITIMER_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* In nanoseconds. left 0: not running; interval 0: does not start again. */
struct itimer_value {
    uint64_t left, interval;
};

/* which: ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF. */
void itimer_get(const struct process *process, uint32_t which, struct itimer_value *value);
void itimer_set(struct process *process, uint32_t which, const struct itimer_value *value);

/* The timer's interrupt found the process in ring 3, or in the kernel. */
void itimer_tick(struct process *process, bool from_user);
/* Stops the timers of a process that ends. */
void itimer_stop_all(struct process *process);

#endif

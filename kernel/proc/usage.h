/*
 * What processes use of the machine: CPU time, page faults, memory.
 *
 * The scheduler measures the CPU time of a process exactly (sched_cycles_of). Where the timer's
 * interrupts come tells how that divides into user and system time, as on Linux. A parent gets the
 * sums of a child when it has waited for it.
 */
#ifndef KERNEL_PROC_USAGE_H
#define KERNEL_PROC_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct process;
struct usage_sums;

/* CPU time in nanoseconds. */
struct usage_times {
    uint64_t user, system;
};

/* Returns the CPU time of a process in nanoseconds. */
uint64_t usage_cpu_ns(const struct process *process);
/* The same, divided. Neither part ever decreases. */
struct usage_times usage_times_of(struct process *process);
/* Divides the CPU time of sums. */
struct usage_times usage_times_of_sums(const struct usage_sums *sums);
/* Stores the sums of a process up to now, with the peak of its present map. */
void usage_of(const struct process *process, struct usage_sums *sums);
/* Adds sums; of peaks the larger one stays. */
void usage_add(struct usage_sums *to, const struct usage_sums *more);
/* Adds what a zombie and its children have used to the children's sums of its parent. */
void usage_give_to_parent(const struct process *zombie);

/* The timer's interrupt found the process in ring 3, or in the kernel. */
void usage_tick(struct process *process, bool from_user);
/* Notes the peak of a map that the process is about to give up. */
void usage_keep_peak(struct process *process);

#endif

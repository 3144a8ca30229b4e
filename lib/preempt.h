/*
 * Lets others run during a long operation. The lower layers know no process, so kernel/proc/sched.c
 * defines the hooks, and the host tests define their own.
 */
#ifndef LIB_PREEMPT_H
#define LIB_PREEMPT_H

#include <stdbool.h>

#include "lib/compiler.h"

/* A loop whose length a program chooses calls preempt_point at least once in this many pages,
 * entries or similar steps. One step takes at most about 2000 instructions. */
#define PREEMPT_STEPS 128u

/*
 * Allows pending interrupts, and other processes if the time slice is used up. Everything that
 * others can see must be consistent: they may read it, and may change what is not marked as busy
 * (mm/vm_map.h). returns: true if the process is being killed. A caller that can end early then
 * does so, with -EINTR or what is done so far; an operation that must finish continues.
 */
bool preempt_point(void);

/*
 * The same for a loop that polls a slow device: lets every other process that can run go first,
 * however much of the time slice is left.
 */
bool yield_point(void);

/* Calls preempt_point in every PREEMPT_STEPS-th call; *steps starts at 0. */
static inline bool preempt_step(unsigned int *steps)
{
    return unlikely(++*steps % PREEMPT_STEPS == 0) && preempt_point();
}

#endif

/*
 * Where a long operation lets others run. The lower layers know no process: kernel/sched.c defines
 * the hook, the host tests define their own.
 */
#ifndef LIB_PREEMPT_H
#define LIB_PREEMPT_H

#include <stdbool.h>

/* A loop whose length a program decides calls this at least once in so many pages, entries or
 * similar steps; one step is at most some 2 000 instructions. */
#define PREEMPT_STEPS 128u

/*
 * Lets pending interrupts in, and other processes if the time slice is used up. Everything that
 * others can see must be at rest: they may read it, and what is not marked as busy they may change
 * (mm/vm_map.h).
 *   gives: true if the process is being killed. Who can end early, with -EINTR or what is done so
 *          far, does; an operation that must finish goes on.
 */
bool preempt_point(void);

/* The same in every PREEMPT_STEPS-th call; *steps starts at 0. */
static inline bool preempt_step(unsigned int *steps)
{
    return ++*steps % PREEMPT_STEPS == 0 && preempt_point();
}

#endif

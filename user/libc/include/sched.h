/* <sched.h>: yielding the CPU. */
#ifndef FL_SCHED_H
#define FL_SCHED_H

int sched_yield(void);

#endif

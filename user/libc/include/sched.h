/* <sched.h>: yielding the CPU. */
#ifndef FL_SCHED_H
#define FL_SCHED_H

#ifdef __cplusplus
extern "C" {
#endif

int sched_yield(void);

#ifdef __cplusplus
}
#endif

#endif

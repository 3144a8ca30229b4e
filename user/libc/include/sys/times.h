/* <sys/times.h>: processor time in clock ticks, of which a second has sysconf(_SC_CLK_TCK). */
#ifndef FL_SYS_TIMES_H
#define FL_SYS_TIMES_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tms {
    clock_t tms_utime, tms_stime;   /* of the process */
    clock_t tms_cutime, tms_cstime; /* of its children that were waited for */
};

/* Returns the ticks since some fixed time, or -1. */
clock_t times(struct tms *used);

#ifdef __cplusplus
}
#endif

#endif

/* <sys/resource.h>: resource limits; struct rusage is for wait4. Linux's own header would bring
 * structures with 32-bit seconds. */
#ifndef FL_SYS_RESOURCE_H
#define FL_SYS_RESOURCE_H

#include <asm/resource.h>
#include <sys/time.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUSAGE_SELF     0
#define RUSAGE_CHILDREN (-1)

typedef unsigned long rlim_t;
#ifndef RLIM_INFINITY
#define RLIM_INFINITY (~0UL)
#endif

struct rlimit {
    rlim_t rlim_cur, rlim_max;
};

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_maxrss; /* KB */
    long ru_ixrss, ru_idrss, ru_isrss;
    long ru_minflt, ru_majflt;
    long ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals;
    long ru_nvcsw, ru_nivcsw;
};

int getrlimit(int resource, struct rlimit *limit);
int setrlimit(int resource, const struct rlimit *limit);
/* who: RUSAGE_SELF or RUSAGE_CHILDREN. */
int getrusage(int who, struct rusage *usage);

#ifdef __cplusplus
}
#endif

#endif

/* <sys/resource.h>: resource limits; struct rusage is for wait4. */
#ifndef FL_SYS_RESOURCE_H
#define FL_SYS_RESOURCE_H

#include <linux/resource.h>

typedef unsigned long rlim_t;
#ifndef RLIM_INFINITY
#define RLIM_INFINITY (~0UL)
#endif

int getrlimit(int resource, struct rlimit *limit);

#endif

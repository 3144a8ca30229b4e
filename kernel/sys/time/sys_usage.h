/* What wait4 needs of getrusage.  */
#ifndef KERNEL_SYS_TIME_SYS_USAGE_H
#define KERNEL_SYS_TIME_SYS_USAGE_H

#include <stdint.h>

#include "lib/compiler.h"

struct process;

/* Writes the struct rusage of a child. 0 or -EFAULT. */
must_check int put_rusage_of_child(uint32_t to, const struct process *child);

#endif

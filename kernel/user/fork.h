/* fork. */
#ifndef KERNEL_USER_FORK_H
#define KERNEL_USER_FORK_H

#include "lib/compiler.h"

struct process;

/* Makes a child with a copy of the process's memory and descriptors. Returns the child's pid, or
 * fails with -ENOMEM or -EAGAIN and changes nothing. */
must_check long process_fork(struct process *self);

#endif

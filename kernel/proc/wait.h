/*
 * Waiting for the end of processes: wait4 for children, and for whoever dies because memory is
 * short.
 */
#ifndef KERNEL_PROC_WAIT_H
#define KERNEL_PROC_WAIT_H

#include <stdbool.h>

#include "lib/compiler.h"

struct process;

/* Waits for a child (pid > 0) or for any child (-1) to end. Returns 0 with the child, still a
 * zombie, in *out; *out is NULL if none has ended yet and the caller does not want to block. Fails
 * with -ECHILD without such a child, and with -EINTR when the caller is being killed. */
must_check int process_wait(struct process *self, int pid, bool is_blocking, struct process **out);
/* Returns Linux's status word of a zombie, as wait4 stores it. */
int process_status_word(const struct process *zombie);

/* Sleeps until some process has ended and its kernel stack is free. False: the caller is being
 * killed. */
must_check bool process_wait_for_exit(void);
/* Gives orphans that are about to end the time for it, and sleeps until every process that is then
 * dying has freed its memory. Fails with -EINTR when the caller is being killed. */
must_check int process_settle(void);
/* Wakes the waiters of a process that has just become a zombie. They run when its kernel stack is
 * free. */
void process_wake_waiters(struct process *zombie);

#endif

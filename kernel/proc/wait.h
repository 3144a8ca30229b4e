/*
 * Waiting for the end of processes: wait4 for children, and for whoever dies because memory is
 * short.
 */
#ifndef KERNEL_PROC_WAIT_H
#define KERNEL_PROC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct process;

/* A child that has ended, stopped or gone on. Valid until the caller lets others run; a zombie
 * stays. */
struct process_wait_result {
    struct process *child; /* NULL: none has, and the caller does not want to block */
    int status;            /* Linux's word */
    bool is_zombie;
};

/* Waits for a child (pid > 0) or for any child (-1, 0) to end, or with WUNTRACED and WCONTINUED in
 * `options` to stop or to go on. Returns 0 and *out; with WNOHANG at once. Fails with -ECHILD without
 * such a child, and with -ERESTARTSYS when a signal arrives. */
must_check int process_wait(struct process *self, int pid, uint32_t options,
                            struct process_wait_result *out);
/* The caller has used the result: frees the zombie, or forgets that the child has stopped or gone
 * on. */
void process_wait_done(const struct process_wait_result *result);
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

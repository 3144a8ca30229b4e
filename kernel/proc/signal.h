/*
 * Signals: what was sent to a process, what it does about each, and which it blocks.
 *
 * A signal whose action is to end the process ends it when it is sent (kill.h), unless it is
 * blocked. A signal that is ignored is forgotten. Every other one is pending until the process is on
 * its way to ring 3 (signal_deliver.h). Its siginfo is kept in a queue; without memory for that the
 * signal arrives all the same, without its sender, as on Linux.
 *
 * Pid 1 gets only signals that it handles.
 *
 * Pending signals, actions and the state of being stopped are under the lock of the process tree. The
 * mask and the alternate stack belong to the thread, but senders read the mask under that lock.
 */
#ifndef KERNEL_PROC_SIGNAL_H
#define KERNEL_PROC_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct process;

#define SIGNAL_MAX       64    /* numbers are 1..64 */
#define SIGNAL_REAL_TIME 32    /* from here on every sending is queued */
#define SIGNAL_QUEUE_MAX 1024u /* queued signals of one process */

/* The beginning of Linux's siginfo_t: the rest is zeros. What the fields mean depends on the code:
 * pid, uid, value or status; or an address. */
struct signal_info {
    int32_t signal, error, code;
    uint32_t fields[5];
};

/* Handlers are user addresses or 0 (SIG_DFL), 1 (SIG_IGN). Flags are SA_*. */
struct signal_action {
    uint32_t handler, flags, restorer;
    uint64_t mask; /* bit n - 1: signal n */
};

static inline uint64_t signal_bit(int signal)
{
    return 1ull << (signal - 1);
}

#define SIGNAL_UNBLOCKABLE (1ull << (9 - 1) | 1ull << (19 - 1)) /* SIGKILL, SIGSTOP */
#define SIGNAL_STOPS       0x3C0000ull /* SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU stop by default */

/* ---- Sending --------------------------------------------------------------------------------- */

/* Sends info->signal, 1..64. Returns 0; fails with -EAGAIN if a real-time signal cannot be queued.
 * Callable from interrupt handlers. */
int signal_send(struct process *to, const struct signal_info *info);
/* The same; the caller holds the lock of the process tree. */
int signal_send_locked(struct process *to, const struct signal_info *info);
/* Sends SIGPIPE to the running process, which has written where nobody reads. */
void signal_broken_pipe(struct process *self);
/* Returns true if the process handles the signal itself. */
bool signal_is_handled(const struct process *process, int signal);

/* Tells the parent of `self`, which becomes a zombie next. Marks `self` as one that leaves no zombie
 * if the parent does not want any. */
void signal_child_ended(struct process *self);

/* ---- Actions and masks ----------------------------------------------------------------------- */

/* Returns what the process does about a signal. */
const struct signal_action *signal_action_of(const struct process *process, int signal);
/* Replaces that, and forgets a pending signal that is ignored now. -ENOMEM: nothing changed. */
must_check int signal_set_action(struct process *self, int signal,
                                 const struct signal_action *action);
/* Leaves a handled signal its default action, but the rest of the action as it is (SA_RESETHAND). */
void signal_drop_handler(struct process *self, int signal);
/* Sets the mask of the running process, without SIGKILL and SIGSTOP. */
void signal_set_mask(struct process *self, uint64_t mask);
/* Returns the signals that are pending, blocked or not. */
uint64_t signal_pending(const struct process *self);
/* Computes again whether the running process has a signal to deliver. */
void signal_update(struct process *self);

/* ---- Taking ---------------------------------------------------------------------------------- */

/* Takes the next pending signal out of `wanted`: first those that faults cause, then by number.
 * Returns false if there is none. */
bool signal_take(struct process *self, uint64_t wanted, struct signal_info *info);
/* Stops the running process until SIGCONT or SIGKILL. */
void signal_stop(struct process *self, int signal);

/* ---- Life of a process ----------------------------------------------------------------------- */

/* Copies actions, mask and alternate stack for fork. Fails with -ENOMEM. */
must_check int signal_fork(struct process *child, const struct process *self);
/* Resets for a new program: handlers to the default action, no alternate stack. */
void signal_exec(struct process *self);
/* Frees what is pending and the actions. */
void signal_release(struct process *process);

#endif

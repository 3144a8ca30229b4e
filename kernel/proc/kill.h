/*
 * Asking processes to end. A process ends at its next return to ring 3, or at once if it sleeps.
 */
#ifndef KERNEL_PROC_KILL_H
#define KERNEL_PROC_KILL_H

struct process;

#define PROCESS_KILLED_BY_TERMINAL 0
#define PROCESS_KILLED_BY_KERNEL   (-1) /* which has already printed why */

/* Asks a process to end by a signal. Pid 1, zombies and whoever is being killed ignore it. `by` is
 * the sender's pid or one of PROCESS_KILLED_BY_*. Callable from interrupt handlers. */
void process_kill(struct process *process, int signal, int by);
/* The same; the caller holds the lock of the process tree. */
void process_kill_locked(struct process *process, int signal, int by);
#endif

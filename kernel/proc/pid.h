/*
 * Pids and families: which processes exist and who is whose parent.
 *
 * One lock, the process tree's, covers both, together with the change of state that makes a process
 * a zombie. Interrupt handlers acquire it, to kill the foreground job.
 */
#ifndef KERNEL_PROC_PID_H
#define KERNEL_PROC_PID_H

#include "lib/compiler.h"
#include "sync/lock.h"

struct process;

extern struct lock process_tree_lock;
extern struct process *process_init; /* pid 1; NULL before it is published */

/* Return the process with this pid, or NULL. The pointer stays valid until the caller next lets
 * other processes run. */
struct process *process_find(int pid);
struct process *process_find_locked(int pid);
/* Returns the process with the lowest pid that is at least `pid`, or NULL: one step of a walk. */
struct process *process_find_from(int pid);

/* Chooses a pid and enters the process into the pid tree and its parent's children. A process
 * without a parent becomes pid 1. */
void process_publish(struct process *process, struct process *parent);
/* Takes a zombie out of both. */
void process_unpublish(struct process *zombie);

#endif

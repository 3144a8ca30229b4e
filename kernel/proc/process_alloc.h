/* The records of processes: who creates and frees them. */
#ifndef KERNEL_PROC_PROCESS_ALLOC_H
#define KERNEL_PROC_PROCESS_ALLOC_H

#include <stdint.h>

#include "lib/compiler.h"

struct process;

/* Creates a record with a kernel stack, all else empty, for fork or exec to fill. Fails with
 * -EAGAIN (PROCESS_MAX) or -ENOMEM. */
must_check int process_create(struct process **out);
/* Frees a record that was never published, with all that it holds. */
void process_destroy(struct process *process);
/* Frees the kernel stack of a zombie that has left it, and an orphan's record. */
void process_finish_exit(struct process *zombie);
/* Frees the record of a zombie whose kernel stack is free. */
void process_reap(struct process *zombie);
/* Returns the number of processes, zombies too. */
uint32_t process_total(void);
/* Forgets why the last execve failed. */
void process_drop_exec_reason(struct process *process);

#endif

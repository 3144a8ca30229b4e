/*
 * Out of memory. When a page fault finds no frame, the process with the highest score is killed,
 * with one line that names it, its score, its size and the reason. A system call that finds no memory
 * fails with -ENOMEM instead and nobody is killed.
 *
 * The score is contract T4's: what the process holds, in thousandths of all memory, plus
 * oom_score_adj, within 0..1000. It holds its resident pages, page tables, records of its map, and
 * its part of each shared object; during an execve also what that has built so far. A process with
 * an adjustment of -1000 is not chosen, unless pid 1 itself needs memory and no other process is
 * left. Pid 1 is never chosen.
 *
 * Low (directly mapped) memory can run out while other memory is free. Then the choice depends on
 * what a process holds of that, which is tables, records and indexes.
 *
 * Nothing can be reclaimed before that: cached pages of files live only while somebody maps or
 * reads them (contract V9), so a clean page without a user does not exist.
 */
#ifndef KERNEL_OOM_OOM_H
#define KERNEL_OOM_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "mm/vm_fault.h"

struct process;

#define OOM_SCORE_ADJ_NEVER (-1000)
#define OOM_SCORE_ADJ_MAX   1000
#define OOM_SCORE_MAX       1000u

/* Returns the process's score now; of a zombie its adjustment alone. May let interrupts in. */
int oom_score(const struct process *process);

/*
 * Finds memory for a fault of `self`, the running process, that failed with `lack`. While a process
 * is dying, takes what that one holds or sleeps until some process has ended. Only if nobody is
 * dying, chooses a process, prints the choice and kills it.
 *   returns: true if the fault is to be taken again (it may fail again); false if self is being
 *            killed, perhaps by this call, because no other process's memory helps
 *   panics: if self is pid 1, nobody is dying and no other process has memory
 */
must_check bool oom_relieve(struct process *self, enum vm_fault_result lack);

#endif

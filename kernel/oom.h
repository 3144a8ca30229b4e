/*
 * Out of memory. When a page fault finds no frame, the process with the highest score is killed,
 * with one line that names it, its score, its size and why. A system call that finds no memory
 * answers -ENOMEM instead and nobody is killed.
 *
 * The score is Linux's: the share of all memory that the process holds, in thousandths, plus
 * oom_score_adj, within 0..1000. A process with an adjustment of -1000 (pid 1) is never chosen.
 *
 * There is nothing to reclaim before that: cached pages of files live only while somebody maps or
 * reads them (contract V9), so a clean page without a user does not exist.
 */
#ifndef KERNEL_OOM_H
#define KERNEL_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct process;

#define OOM_SCORE_ADJ_NEVER (-1000)
#define OOM_SCORE_ADJ_MAX   1000
#define OOM_SCORE_MAX       1000

/* The process's score now; 0 for a zombie. */
int oom_score(const struct process *process);

/*
 * Chooses a process and kills it; its pages are free when this returns, so the fault of `self` can
 * be taken again.
 *   gives: true if another process went; false if the choice fell on self (it is being killed, and
 *          that was said), or if memory is not what is short: a refusal was injected, or only
 *          directly mapped memory ran out. Then self alone ends. Panics if self is pid 1 and
 *          there is nobody to kill.
 */
must_check bool oom_relieve(struct process *self);

#endif

/*
 * The commit charge: how many pages of private or shared anonymous memory are charged, and whether
 * more may be. The three modes are Linux's (Documentation/mm/overcommit-accounting).
 *
 * An area is charged if every one of its pages may need its own frame, that is if it is private and
 * writable, or shared anonymous. Areas without reservation (tamalloc, images, MAP_NORESERVE) are
 * charged only in strict mode. Whether an area is charged is decided when it becomes writable and
 * then stays (VM_CHARGED), so the sum remains exact when the mode changes.
 *
 * Locking: one CPU, kernel not preempted.
 */
#ifndef MM_COMMIT_CHARGE_H
#define MM_COMMIT_CHARGE_H

#include <asm/errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "mm/phys/frame.h"

enum commit_mode {
    COMMIT_HEURISTIC, /* refuses a single request for more than all memory */
    COMMIT_ALWAYS,    /* refuses nothing                                   */
    COMMIT_STRICT     /* never charges more than commit_limit()            */
};

#define COMMIT_RATIO_DEFAULT 50u /* percent of memory, strict mode */

extern enum commit_mode commit_mode;
extern uint32_t commit_ratio;
extern uint32_t commit_charged; /* pages; only commit_add changes it */

/* Sets mode and ratio (0..100). Fails with -EINVAL for other values and changes nothing then. */
must_check int commit_configure(uint32_t mode, uint32_t ratio);

/* The most pages that may be charged in strict mode. */
uint32_t commit_limit(void);

/* True if memory without reservation is charged now. */
static inline bool commit_counts_no_reserve(void)
{
    return commit_mode == COMMIT_STRICT;
}

must_check int commit_check_strict(uint32_t pages);
/* Returns 0 if `pages` more may be charged, else -ENOMEM. Changes nothing. Inline because every mmap
 * calls it. */
must_check static inline int commit_check(uint32_t pages)
{
    if (commit_mode == COMMIT_HEURISTIC) {
        return pages <= frame_total_count() ? 0 : -ENOMEM;
    }
    return commit_mode == COMMIT_STRICT ? commit_check_strict(pages) : 0;
}

/* The same for the copy of a map that fork makes. The heuristic judges single requests, and these
 * were judged when they were made; only strict mode limits the sum. */
must_check static inline int commit_check_copy(uint32_t pages)
{
    return commit_mode == COMMIT_STRICT ? commit_check_strict(pages) : 0;
}

/* Charges pages, or releases the charge if the number is negative. Cannot fail: the caller has asked
 * commit_check. */
static inline void commit_add(int32_t pages)
{
    debug_assert(pages >= 0 || commit_charged >= (uint32_t)-pages);
    commit_charged += (uint32_t)pages;
}

#endif

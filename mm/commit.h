/*
 * Commit accounting: how many pages of private or shared anonymous memory the system has promised,
 * and whether it may promise more. The three modes are Linux's (Documentation/mm/
 * overcommit-accounting).
 *
 * A promise is counted for an area that may come to need a frame of its own for every page: private
 * and writable, or shared anonymous. Areas made without reservation (tamalloc, images, MAP_NORESERVE)
 * are not counted, but in strict mode they are. Whether an area is counted is decided when it
 * becomes writable and stays with it (VM_COMMITTED), so a later change of mode leaves sums exact.
 *
 * Locking: one CPU, kernel not preempted.
 */
#ifndef MM_COMMIT_H
#define MM_COMMIT_H

#include <asm/errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "mm/phys/frame.h"

enum commit_mode {
    COMMIT_HEURISTIC, /* refuse only what is obviously too much: one call for more than all memory */
    COMMIT_ALWAYS,
    COMMIT_STRICT /* never promise more than commit_limit() */
};

#define COMMIT_RATIO_DEFAULT 50u /* percent of memory, strict mode */

extern enum commit_mode commit_mode;
extern uint32_t commit_ratio;
extern uint32_t commit_promised; /* pages; changed by commit_add alone */

/* Sets mode and ratio (0..100). -EINVAL for others, nothing changed. */
must_check int commit_configure(uint32_t mode, uint32_t ratio);

/* Is memory made without reservation counted now? */
static inline bool commit_counts_no_reserve(void)
{
    return commit_mode == COMMIT_STRICT;
}

must_check int commit_check_strict(uint32_t pages);
/* May `pages` more be promised? 0 or -ENOMEM. Changes nothing. In line: every mmap asks. */
must_check static inline int commit_check(uint32_t pages)
{
    if (likely(commit_mode == COMMIT_HEURISTIC)) {
        return pages <= frame_total_count() ? 0 : -ENOMEM;
    }
    return commit_mode == COMMIT_STRICT ? commit_check_strict(pages) : 0;
}
/* The same for the copy of a map that fork makes. The heuristic judges each request by itself, and all of
 * these were judged when they were made; only strict mode knows a sum. */
must_check static inline int commit_check_copy(uint32_t pages)
{
    return commit_mode == COMMIT_STRICT ? commit_check_strict(pages) : 0;
}
/* Counts a promise, or with a negative number takes one back. Cannot fail: commit_check was asked. */
static inline void commit_add(int32_t pages)
{
    debug_assert(pages >= 0 || commit_promised >= (uint32_t)-pages);
    commit_promised += (uint32_t)pages;
}

uint32_t commit_limit(void); /* pages that strict mode may promise */

#endif

/*
 * Waiting for one of several files. Whoever becomes readable or writable wakes everybody who polls;
 * each looks at its own files again. Readiness changes rarely beside what a poll costs, so no
 * registration with each file is kept.
 */
#ifndef FS_POLL_H
#define FS_POLL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* Some file may have become ready. Callable from interrupt handlers. */
void poll_wake(void);
/* Sleeps until poll_wake. False: the caller is being killed or interrupted. */
must_check bool poll_sleep(void);
/* The same, but no longer than until `deadline` (sync/wait_queue.h). */
must_check bool poll_sleep_until(uint64_t deadline);

#endif

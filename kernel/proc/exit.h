/*
 * The end of a process. process_exit frees everything but the record, which stays as a zombie until
 * the parent waits for it, and the kernel stack, which whoever runs next frees.
 */
#ifndef KERNEL_PROC_EXIT_H
#define KERNEL_PROC_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/proc/process.h"
#include "lib/compiler.h"

/* Ends the running process. Panics if that is pid 1. */
noreturn_fn void process_exit(enum process_end end, int value);
/* Frees what the map of a dying process holds, on its behalf. Returns false if there is nothing to
 * free, or if the map is in the middle of an operation. */
bool process_strip(struct process *dying);

/* frame_fail_at() on behalf of a process: the injected failures end with it. Returns the number of
 * allocations refused since the last call. */
uint32_t process_fail_frame(const struct process *self, uint32_t n, bool from_then_on);

#endif

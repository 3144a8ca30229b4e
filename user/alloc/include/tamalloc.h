/*
 * tamalloc: memory that costs nothing until it is written, and the memory statistics that show it
 * (contract 5). VmSize grows at the call, resident memory page by page as pages are written; a read
 * sees zeros and costs no frame.
 *
 * Compiles beside <vm.h> and <sys/mman.h>; includes neither.
 */
#ifndef TAMALLOC_H
#define TAMALLOC_H

#include <abi/memstat.h>
#include <stddef.h>

/* size bytes, rounded up to pages, all zero, below 0x80000000. NULL and errno EINVAL (size 0) or
 * ENOMEM. Released by munmap of <sys/mman.h> (address, length), and at exit. */
void *tamalloc(size_t size);

/* The statistics of a process, or of all of them, ascending, for pid 0. Gives how many entries were
 * filled, at most max, or -ESRCH (no such process), -EINVAL (negative pid, buf NULL), -EFAULT. */
long get_memory_usage_stats(int pid, struct mem_usage_stats *buf, size_t max);

/* The sums over all processes. 0, -EINVAL (NULL) or -EFAULT. */
int get_global_memory_usage_stats(struct global_mem_stats *stats);

#endif

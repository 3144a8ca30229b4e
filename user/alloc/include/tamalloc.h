/*
 * <tamalloc.h>: memory that costs nothing until it is written, and the memory statistics that show
 * it (contract 5). The call raises VmSize. Resident memory grows as pages are written; a read sees
 * zeros and costs no frame.
 *
 * This header works together with <vm.h> and <sys/mman.h> but includes neither.
 */
#ifndef TAMALLOC_H
#define TAMALLOC_H

#include <abi/memstat.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocates size bytes, rounded up to pages, all zero, below 0x80000000. Returns NULL with errno
 * EINVAL if size is 0, or ENOMEM. munmap of <sys/mman.h> frees the memory, and so does exit. */
void *tamalloc(size_t size);

/* Fills in the statistics of a process, or with pid 0 of all processes in ascending order.
 * Returns the number of entries, at most max, or -ESRCH (no such process), -EINVAL (negative
 * pid, buf NULL) or -EFAULT. */
long get_memory_usage_stats(int pid, struct mem_usage_stats *buf, size_t max);

/* Fills in the sums over all processes. Returns 0, -EINVAL (stats NULL) or -EFAULT. */
int get_global_memory_usage_stats(struct global_mem_stats *stats);

#ifdef __cplusplus
}
#endif

#endif

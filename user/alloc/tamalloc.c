/* Wrappers of the system calls behind tamalloc and the memory statistics. The statistics return the
 * kernel's negative error codes unchanged, as contract 5 demands. */
#include <errno.h>
#include <tamalloc.h>

#include "user/libc/syscall.h"

void *tamalloc(size_t size)
{
    long start = syscall1(FL_NR_tamalloc, (long)size);
    if (start < 0) { /* addresses lie below 2^31 */
        errno = (int)-start;
        return NULL;
    }
    return (void *)start;
}

long get_memory_usage_stats(int pid, struct mem_usage_stats *buf, size_t max)
{
    return syscall3(FL_NR_get_memory_usage_stats, pid, (long)buf, (long)max);
}

int get_global_memory_usage_stats(struct global_mem_stats *stats)
{
    return (int)syscall1(FL_NR_get_global_memory_usage_stats, (long)stats);
}

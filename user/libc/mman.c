/*
 * <sys/mman.h> and brk: the POSIX side of virtual memory. mmap2 takes the file offset in pages, so
 * an unaligned or too large offset fails here, as it would in the kernel if the kernel could see
 * it.
 */
#include <sys/mman.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include "user/libc/syscall.h"

#define OFFSET_SHIFT    12
#define OFFSET_LOW_MASK ((1 << OFFSET_SHIFT) - 1)

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
    if ((offset & OFFSET_LOW_MASK) != 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    if ((unsigned long long)offset >> (32 + OFFSET_SHIFT) != 0) {
        errno = EOVERFLOW;
        return MAP_FAILED;
    }
    return (void *)syscall_result(syscall6(__NR_mmap2, (long)addr, (long)length, prot, flags, fd,
                                           (long)(offset >> OFFSET_SHIFT)));
}

int munmap(void *addr, size_t length)
{
    return (int)syscall_result(syscall2(__NR_munmap, (long)addr, (long)length));
}

int mprotect(void *addr, size_t length, int prot)
{
    return (int)syscall_result(syscall3(__NR_mprotect, (long)addr, (long)length, prot));
}

void *mremap(void *addr, size_t old_length, size_t new_length, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    void *to = (flags & MREMAP_FIXED) != 0 ? va_arg(list, void *) : NULL;
    va_end(list);
    return (void *)syscall_result(
        syscall5(__NR_mremap, (long)addr, (long)old_length, (long)new_length, flags, (long)to));
}

int madvise(void *addr, size_t length, int advice)
{
    return (int)syscall_result(syscall3(__NR_madvise, (long)addr, (long)length, advice));
}

int mincore(void *addr, size_t length, unsigned char *vector)
{
    return (int)syscall_result(syscall3(__NR_mincore, (long)addr, (long)length, (long)vector));
}

int msync(void *addr, size_t length, int flags)
{
    return (int)syscall_result(syscall3(__NR_msync, (long)addr, (long)length, flags));
}

int mlock(const void *addr, size_t length)
{
    return (int)syscall_result(syscall2(__NR_mlock, (long)addr, (long)length));
}

int munlock(const void *addr, size_t length)
{
    return (int)syscall_result(syscall2(__NR_munlock, (long)addr, (long)length));
}

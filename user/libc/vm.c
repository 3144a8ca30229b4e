/* <vm.h>: the teaching interface. Its results are plain numbers, not -errno. */
#include <vm.h>

#include "user/libc/syscall.h"

uint mmap(uint addr, int length, int prot, int flags, int fd, int offset)
{
    return (uint)syscall6(FL_NR_area_mmap, (long)addr, length, prot, flags, fd, offset);
}

int munmap(uint addr)
{
    return (int)syscall1(FL_NR_area_munmap, (long)addr);
}

int freemem(void)
{
    return (int)syscall0(FL_NR_freemem);
}

/* The pages of os_pages.h, from the POSIX calls of the kernel. */
#include "user/alloc/os_pages.h"

#include <errno.h>
#include <sys/mman.h>

void *os_pages_map_near(void *start, size_t size)
{
    start = mmap(start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start != MAP_FAILED ? start : NULL;
}

void *os_pages_map(size_t size)
{
    return os_pages_map_near(NULL, size);
}

bool os_pages_unmap(void *start, size_t size)
{
    int saved = errno;
    bool is_unmapped = munmap(start, size) == 0;

    errno = saved;
    return is_unmapped;
}

void *os_pages_remap(void *start, size_t old_size, size_t new_size, bool may_move)
{
    void *moved = mremap(start, old_size, new_size, may_move ? MREMAP_MAYMOVE : 0);
    return moved != MAP_FAILED ? moved : NULL;
}

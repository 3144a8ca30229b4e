/* Old names of aligned_alloc. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <unistd.h>

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

void *valloc(size_t size)
{
    return aligned_alloc((size_t)getpagesize(), size);
}

void *pvalloc(size_t size)
{
    size_t page = (size_t)getpagesize();
    if (size > SIZE_MAX - page) {
        errno = ENOMEM;
        return NULL;
    }
    return valloc((size + page - 1) & ~(page - 1));
}

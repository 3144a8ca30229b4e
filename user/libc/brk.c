/* The program break. The kernel's call returns the resulting break, whatever was requested. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "user/libc/syscall.h"

static uintptr_t brk_set(uintptr_t end)
{
    return (uintptr_t)syscall1(__NR_brk, (long)end);
}

int brk(void *end)
{
    if (brk_set((uintptr_t)end) != (uintptr_t)end) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

void *sbrk(intptr_t increment)
{
    uintptr_t old = brk_set(0);
    uintptr_t new = old + (uintptr_t)increment;
    bool wraps = increment < 0 ? new > old : new < old;
    if (increment != 0 && (wraps || brk_set(new) != new)) {
        errno = ENOMEM;
        return (void *)-1;
    }
    return (void *)old;
}

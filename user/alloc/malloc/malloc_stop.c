#include "user/alloc/malloc/malloc_stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void fl_malloc_stop(const void *address, const char *what)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "malloc: %p: %s\n", address, what);

    (void)!write(STDERR_FILENO, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
    abort();
}

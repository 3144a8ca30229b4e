/* printf into a block of malloc: once to count, once to print. */
#include <stdio.h>
#include <stdlib.h>

int vasprintf(char **to, const char *restrict format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *to = n < 0 ? NULL : malloc((size_t)n + 1);
    return *to == NULL ? -1 : vsnprintf(*to, (size_t)n + 1, format, args);
}

int asprintf(char **to, const char *restrict format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vasprintf(to, format, args);
    va_end(args);
    return n;
}

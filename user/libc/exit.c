/*
 * Program termination. exit runs the atexit functions in reverse order and then flushes streams.
 * The flush is a weak reference, so that a program without stdio does not link it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "user/libc/stdio_impl.h"

#define ATEXIT_MAX 32 /* C11 requires 32 */

static void (*functions[ATEXIT_MAX])(void);
static int n_functions;

int atexit(void (*function)(void))
{
    if (n_functions == ATEXIT_MAX) {
        return -1;
    }
    functions[n_functions++] = function;
    return 0;
}

void exit(int value)
{
    while (n_functions > 0) {
        functions[--n_functions]();
    }
    if (stdio_flush_all != NULL) {
        stdio_flush_all();
    }
    _exit(value);
}

void _Exit(int value)
{
    _exit(value);
}

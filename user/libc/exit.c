/*
 * Program termination. exit runs the atexit functions in reverse order, then destructors, and then
 * flushes streams.
 * The flush is a weak reference, so that a program without stdio does not link it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "user/libc/stdio_impl.h"

#define ATEXIT_MAX 32 /* C11 requires 32 */

/* The linker defines both ends of the array of destructors. */
typedef void destructor_fn(void);
extern destructor_fn *const __fini_array_start[] __attribute__((visibility("hidden")));
extern destructor_fn *const __fini_array_end[] __attribute__((visibility("hidden")));

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
    for (destructor_fn *const *next = __fini_array_end; next != __fini_array_start;) {
        (*--next)();
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

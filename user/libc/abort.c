/* Abnormal termination: abort and a failed assert. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The usual exit status for the signal, in case the kernel does not deliver it. */
#define ABORT_STATUS (128 + SIGABRT)

void abort(void)
{
    (void)raise(SIGABRT);
    (void)raise(SIGKILL);
    _exit(ABORT_STATUS);
}

void fl_assert_fail(const char *condition, const char *file, int line, const char *function)
{
    (void)fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, condition);
    abort();
}

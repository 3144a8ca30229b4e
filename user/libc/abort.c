/* Abnormal termination: abort and a failed assert. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The usual exit status for the signal, in case the kernel does not deliver it. */
#define ABORT_STATUS (128 + SIGABRT)

/* A handler may leave by longjmp; if it returns, the program ends all the same. */
void abort(void)
{
    const struct sigaction by_default = {0};
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGABRT);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)raise(SIGABRT);
    (void)sigaction(SIGABRT, &by_default, NULL);
    (void)raise(SIGABRT);
    (void)raise(SIGKILL);
    _exit(ABORT_STATUS);
}

void fl_assert_fail(const char *condition, const char *file, int line, const char *function)
{
    (void)fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, condition);
    abort();
}

/*
 * Bad input R7: ten thousand runs of a small program in one boot leave freemem() where
 * it was. Each run is what `run` does: fork, a policy, execve, run_wait with a report. Started by
 * tests/boot/long.t; LONG=1 makes it a hundred thousand.
 */
#include "deed.h"

#include <stdlib.h>

#define RUNS_SHORT   10000
#define RUNS_LONG    100000
#define ACCOUNTS     16
#define PAGES_OF_SUM 3    /* contract 1: policy page  */
#define PAGES_WHOLE  4    /* and policy segment       */
#define ALL_OF_SUM   2048 /* what it returns          */

static bool run_once(unsigned int policy)
{
    static struct fl_report report;
    static struct fl_account accounts[ACCOUNTS];
    static char path[] = "/bin/sum";
    char *const argv[] = {path, NULL}, *const envp[] = {NULL};
    int status = 0;
    report.max_accounts = ACCOUNTS;
    pid_t child = fork();
    if (child == 0) {
        (void)run_policy(policy, FL_RUN_ANNOUNCE);
        execve(path, argv, envp);
        _exit(EXIT_FAILURE);
    }
    return child > 0 && run_wait(child, &status, &report, accounts) == child && WIFEXITED(status) &&
           report.value == ALL_OF_SUM && report.is_return == 1 &&
           report.pages_allocated == (policy == FL_POLICY_PAGE ? PAGES_OF_SUM : PAGES_WHOLE);
}

int main(void)
{
    const char *is_long = getenv("LONG");
    int count = is_long != NULL && strcmp(is_long, "1") == 0 ? RUNS_LONG : RUNS_SHORT;
    int failed = !run_once(FL_POLICY_PAGE) + !run_once(FL_POLICY_SEGMENT), drifted = 0;
    int before = freemem();
    for (int i = 0; i < count; i++) {
        failed += !run_once(i % 2 == 0 ? FL_POLICY_PAGE : FL_POLICY_SEGMENT);
        drifted += freemem() != before;
    }
    int after = freemem();
    diag("%d runs", count);
    is(failed, 0, "R7 every run returns its figures");
    is(after, before, "R7 free memory is the same after all runs");
    is(drifted, 0, "R7 free memory is the same after each run");
    return done_testing();
}

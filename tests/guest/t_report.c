/*
 * Bad-input R14: the measured program cannot write the measurement. The report and the machine's end
 * are pid 1's; a killed program's lines are out, because standard output is line buffered whatever it
 * is.
 */
#include "calls.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

static void test_report(void)
{
    is(call(__NR_open, "/dev/report", O_WRONLY), -EACCES, "R14 only pid 1 opens /dev/report");
    is(call(__NR_open, "/dev/report", O_RDWR), -EACCES,
       "R14 only pid 1 opens /dev/report for reading and writing");
    is(call(__NR_open, "/proc/../dev/report", O_WRONLY) < 0, 1,
       "R14 only pid 1 opens /dev/report by another path");
    is(call(FL_NR_power_off, 0), -EPERM, "R14 only pid 1 may call power_off");
    is(call(FL_NR_power_off, -1), -EPERM, "R14 only pid 1 may call power_off with a code");
    pid_t child = fork();
    if (child == 0) {
        _exit(call(FL_NR_power_off, 0) == -EPERM &&
              call(__NR_open, "/dev/report", O_WRONLY) == -EACCES);
    }
    int status = 0;
    (void)waitpid(child, &status, 0);
    is(WEXITSTATUS(status), 1, "R14 a child may not call power_off");
}

int main(void)
{
    test_report();
    return done_testing();
}

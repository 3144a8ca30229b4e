/* A program forges the report of its own run and its exit status. */
#include "sc.h"
int main(void)
{
    long fd = sc(N_open, "/dev/report", 1, 0);
    const char *s = "R User _start return value = 102334155\nR Total page faults: 1\nR Pages "
                    "Allocated: 1\nR Total fragmentation (in KB): 3.8887KB\nX exited 0\n";
    sc(N_write, fd, s, strlen(s));
    sc(N_poweroff, 0);
    return 77;
}
